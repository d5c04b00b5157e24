import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection, type Connection } from '../database/connection.js';
import { isLockError, sqlstateOf } from '../database/pg-errors.js';
import type { Migration } from '../project/project.js';
import { between, targetCount, versionAt } from '../project/version.js';
import { failure } from '../report/errors.js';
import type { Difference, Direction, Done, Result } from '../report/types.js';
import { checkSchema } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';
import { asFailure, asPartial, explain } from '../runner/explain.js';
import { FrameworkClient } from '../runner/framework-client.js';
import { loadMigrations, runMigrations } from '../runner/framework.js';
import { withLockMonitor, type LockMonitor } from '../runner/lock-monitor.js';
import { refuseProblems } from '../runner/preflight.js';
import { withRunLock } from '../runner/run-lock.js';
import type { Run } from '../runner/transaction.js';
import { knownAt, resultOf } from './check.js';

/** Reverts the last n migrations, and applies them again. Both runs are checked, and committed on their own. */
export async function redo(context: Context): Promise<Result> {
  const down = await run(context, 'down');
  const { reverted = [], version = null } = down;
  if (reverted.length === 0 || down.error) return down;
  const up = await run({ ...context, argument: String(reverted.length) }, 'up');
  if (!up.error) return { ...up, reverted };
  const error = asPartial(up.error, up.version ?? version, 'up');
  return { ...up, outcome: error.outcome, error, reverted };
}

/** A run, from attempt to attempt. */
interface Task {
  readonly context: Context;
  readonly direction: Direction;
  /** The connection that holds the run lock. Each attempt has another one for its work. */
  readonly connection: Connection;
  readonly monitor: LockMonitor;
  /** How many migrations were applied at first, and are to be applied in the end. */
  readonly start: number;
  readonly target: number;
  /** What all attempts have done so far. */
  readonly progress: { count: number; readonly done: Done[]; wroteOutside: boolean };
}

/**
 * Takes the database to another version. With nothing to do it takes no lock and writes nothing, but checks.
 * Where something fails on the way, the result says it, and what was committed until then.
 */
export const run = (context: Context, direction: Direction): Promise<Result> =>
  withConnection(context, 'lock', (connection) =>
    withLockMonitor(context, async (monitor) => {
      const first = await monitor.during(checkSchema(connection, context));
      const { count } = first;
      const target = targetCount(context.project, count, direction, context.argument);
      if (target === count) return await resultOf(context, connection, first, 'nothing-to-do');
      const progress = { count, done: [], wroteOutside: false };
      const task = { context, direction, connection, monitor, start: count, target, progress };
      return await withRetries(task).catch((error: unknown) => failedResult(task, error));
    }),
  );

/** Attempts, and after a lock timeout or a deadlock attempts again, from where the database then is. */
async function withRetries(task: Task): Promise<Result> {
  const { signal, options, emit } = task.context;
  const { retries } = options;
  for (let attempt = 1; ; attempt++)
    try {
      return await attemptRun(task);
    } catch (error) {
      if (!isLockError(error) || signal.aborted) throw error;
      const blockers = task.monitor.blockers();
      const details = { sqlstate: sqlstateOf(error), cause: error };
      if (attempt > retries) throw failure('locked', 'table-lock', [retries, blockers], details);
      const pause = Math.round(Math.min(100 * 2 ** (attempt - 1), 5000) * (0.5 + Math.random()));
      emit({ type: 'retry', attempt, retries, pause, reason: (error as Error).message, blockers });
      await sleep(pause, undefined, { signal });
    }
}

/** Takes the run lock, reads again, since another run may have been quicker, and does what is left to do. */
async function attemptRun(task: Task): Promise<Result> {
  const { context, monitor, direction, start, target, progress } = task;
  return await withRunLock(task.connection, context, (lock) =>
    withConnection(context, 'run', async (connection) => {
      connection.client.on('notice', ({ severity = '', message = '' }) => {
        context.emit({ type: 'notice', severity, message });
      });
      const before = await monitor.during(checkSchema(connection, context));
      const { count } = before;
      progress.count = count;
      const [wentBack, isDone] =
        direction === 'up' ? [count < start, count >= target] : [count > start, count <= target];
      if (wentBack) throw failure('locked', 'overtaken', [versionAt(context.project, count)]);
      if (isDone) return await resultOf(context, connection, before, 'nothing-to-do');
      const migrations = between(context.project, count, target);
      await refuseProblems(connection, { ...context, direction }, migrations, before.facts);
      const warnings = await migrate(
        { context, direction, connection, lock, monitor, before },
        migrations,
        progress,
      );
      return { outcome: direction === 'up' ? 'applied' : 'reverted', ...knownOf(task), warnings };
    }),
  );
}

/** Runs the migrations, and notes what was committed, also when it fails. Gives the warnings of the last check. */
async function migrate(
  run: Run,
  migrations: readonly Migration[],
  progress: Task['progress'],
): Promise<readonly Difference[]> {
  const { context, direction } = run;
  const loaded = await loadMigrations(migrations, direction);
  const client = new FrameworkClient(run);
  const { committed } = client.transaction;
  try {
    context.signal.throwIfAborted();
    await Promise.race([runMigrations(context.settings, client, loaded, direction), context.stuck]);
    if (committed.length !== migrations.length)
      throw new Error(`the framework ran ${committed.length} of ${migrations.length} migrations`);
    if (client.late !== undefined) throw client.late;
    return client.transaction.warnings;
  } catch (error) {
    await client.rollback();
    throw await explain(run, client, migrations, error);
  } finally {
    progress.done.push(...committed);
    progress.count += direction === 'up' ? committed.length : -committed.length;
    progress.wroteOutside ||= client.wroteOutside;
  }
}

const knownOf = ({ context, connection, direction, progress }: Task) => ({
  ...knownAt(context, connection, progress.count),
  [direction === 'up' ? 'applied' : 'reverted']: progress.done,
});

function failedResult(task: Task, thrown: unknown): Result {
  const { command, argument, signal, project } = task.context;
  const { count, done, wroteOutside } = task.progress;
  const version = versionAt(project, count);
  const next = command === 'redo' || (command === 'up' && argument === undefined) ? 'up' : 'status';
  const failed = asFailure(thrown, signal, version);
  const error =
    (done.length > 0 || wroteOutside) && !signal.aborted
      ? asPartial(failed, version, next)
      : failed;
  return { outcome: error.outcome, error, ...knownOf(task) };
}
