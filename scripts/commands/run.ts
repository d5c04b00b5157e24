import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection, type Connection } from '../database/connection.js';
import { isLockError, serverFailure, sqlstateOf } from '../database/pg-errors.js';
import type { Migration } from '../project/project.js';
import { between, targetCount, versionAt } from '../project/version.js';
import { Failure, failure } from '../report/errors.js';
import type { Difference, Direction, Done, Known, Result } from '../report/types.js';
import { checkSchema } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';
import { asPartial, explain } from '../runner/explain.js';
import { loadMigrations, runMigrations } from '../runner/framework.js';
import { withLockMonitor, type LockMonitor } from '../runner/lock-monitor.js';
import { refuseProblems } from '../runner/preflight.js';
import { withRunLock } from '../runner/run-lock.js';
import { CheckedTransaction, type Run } from '../runner/transaction.js';
import { knownAt, resultOf } from './check.js';

/** Reverts the last n migrations, and applies them again. Both runs are checked, and committed on their own. */
export async function redo(context: Context): Promise<Result> {
  const down = await run(context, 'down');
  const { reverted = [], version = null } = down;
  if (reverted.length === 0) return down;
  try {
    return { ...(await run({ ...context, argument: String(reverted.length) }, 'up')), reverted };
  } catch (error) {
    throw withKnown(asPartial(error, version, 'up'), { ...down, reverted });
  }
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
 *
 * @throws Failure for whatever stands in the way; it carries what was committed until then
 */
export async function run(context: Context, direction: Direction): Promise<Result> {
  return await withConnection(context, 'lock', (connection) =>
    withLockMonitor(context, async (monitor) => {
      const first = await monitor.during(checkSchema(connection, context));
      const target = targetCount(context.project, first.count, direction, context.argument);
      if (target === first.count) {
        // What differs is read twice: another run may have committed between its parts.
        const check = first.failing.length === 0 ? first : await checkSchema(connection, context);
        return resultOf(context, connection, check, 'nothing-to-do');
      }
      const progress = { count: first.count, done: [], wroteOutside: false };
      const task = {
        context,
        direction,
        connection,
        monitor,
        start: first.count,
        target,
        progress,
      };
      return await withRetries(task).catch((error: unknown) => {
        throw failed(task, error);
      });
    }),
  );
}

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
      progress.count = before.count;
      const [wentBack, isDone] =
        direction === 'up'
          ? [before.count < start, before.count >= target]
          : [before.count > start, before.count <= target];
      if (wentBack)
        throw failure('locked', 'overtaken', [versionAt(context.project, before.count)]);
      if (isDone) return resultOf(context, connection, before, 'nothing-to-do');
      const migrations = between(context.project, before.count, target);
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
  const transaction = new CheckedTransaction(run);
  const { committed } = transaction;
  const note = () => {
    progress.done.push(...committed);
    progress.count += direction === 'up' ? committed.length : -committed.length;
    progress.wroteOutside ||= transaction.wroteOutside;
  };
  try {
    context.signal.throwIfAborted();
    await Promise.race([
      runMigrations(context.settings, transaction, loaded, direction),
      context.stuck,
    ]);
    if (committed.length !== migrations.length)
      throw new Error(`the framework ran ${committed.length} of ${migrations.length} migrations`);
    if (transaction.late !== undefined) throw transaction.late;
  } catch (error) {
    await transaction.rollback();
    note();
    throw await explain(
      run,
      transaction,
      migrations,
      error,
      versionAt(context.project, progress.count),
    );
  }
  note();
  return transaction.warnings;
}

const knownOf = ({ context, connection, direction, progress }: Task) => ({
  ...knownAt(context, connection, progress.count),
  [direction === 'up' ? 'applied' : 'reverted']: progress.done,
});

/** The failure of a run, with what is known of it. */
function failed(task: Task, error: unknown): unknown {
  const { command, argument, signal, project } = task.context;
  const { count, done, wroteOutside } = task.progress;
  const version = versionAt(project, count);
  if (signal.aborted) return withKnown(interrupted(signal, error, version), knownOf(task));
  const next = command === 'redo' || (command === 'up' && argument === undefined) ? 'up' : 'status';
  const isPartial = done.length > 0 || wroteOutside;
  return withKnown(isPartial ? asPartial(error, version, next) : error, knownOf(task));
}

/** Adds what is known to a failure, which may know better already. */
export function withKnown(error: unknown, known: Known): unknown {
  const reason = error instanceof Failure ? error : (serverFailure(error) ?? error);
  if (reason instanceof Failure) reason.known = { ...known, ...reason.known };
  return reason;
}

/** The failure of a command that a signal has ended. */
export function interrupted(
  { reason }: AbortSignal,
  cause: unknown,
  version?: string | null,
): Failure {
  const exitCode = reason === 'SIGINT' ? 130 : 143;
  return failure('failed', 'interrupted', [String(reason), version], { exitCode, cause });
}
