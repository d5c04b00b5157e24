import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection, type Connection } from '../database/connection.js';
import { isLockError, sqlstateOf } from '../database/pg-errors.js';
import type { Migration } from '../project/project.js';
import { between, targetCount, versionAt } from '../project/version.js';
import { failure } from '../report/errors.js';
import type { Difference, Direction, Done, Result } from '../report/types.js';
import { checkSchema, compareState, readStateOf } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';
import { asPartial, explain } from '../runner/explain.js';
import { loadMigrations, runMigrations } from '../runner/framework.js';
import { withLockMonitor, type LockMonitor } from '../runner/lock-monitor.js';
import { findProblems } from '../runner/preflight.js';
import { withRunLock } from '../runner/run-lock.js';
import { CheckedTransaction, type Run } from '../runner/transaction.js';
import {
  interrupted,
  knownAt,
  refuseProblems,
  refuseUnreadable,
  resultOf,
  withKnown,
} from './result.js';

/** Reverts the last n migrations, and applies them again. Both runs are checked, and committed on their own. */
export async function redo(context: Context): Promise<Result> {
  const down = await run(context, 'down');
  const { reverted = [] } = down;
  if (reverted.length === 0) return down;
  try {
    return { ...(await run({ ...context, argument: String(reverted.length) }, 'up')), reverted };
  } catch (error) {
    throw withKnown(asPartial(error, down.version ?? null, 'up'), { ...down, reverted });
  }
}

/** A run, from attempt to attempt. */
interface Task {
  readonly context: Context;
  readonly direction: Direction;
  /** The connection that holds the run lock; each attempt has another one for its work. */
  readonly connection: Connection;
  readonly monitor: LockMonitor;
  /** How many migrations were applied at first, and are to be applied in the end. */
  readonly start: number;
  readonly target: number;
  /** What all attempts have done so far. */
  readonly progress: { count: number; readonly done: Done[]; wroteOutside: boolean };
}

/**
 * Takes the database to another version. With nothing to do it takes no lock and writes nothing, but still checks.
 *
 * @throws Failure for whatever stands in the way; it carries what was committed until then
 */
export async function run(context: Context, direction: Direction): Promise<Result> {
  const { configuration, command, options, signal, project, argument } = context;
  const connectOptions = { purpose: 'lock', command, wait: options.connectWait, signal } as const;
  return await withConnection(configuration, connectOptions, (connection) =>
    withLockMonitor(context, async (monitor) => {
      const first = await monitor.during(checkSchema(connection, context));
      refuseUnreadable(context, first.state);
      const target = targetCount(project, first.count, direction, argument);
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
  const { context, monitor } = task;
  const { retries } = context.options;
  for (let attempt = 1; ; attempt++)
    try {
      return await attemptRun(task);
    } catch (error) {
      if (!isLockError(error) || context.signal.aborted) throw error;
      const blockers = monitor.blockers();
      const details = { sqlstate: sqlstateOf(error), cause: error };
      if (attempt > retries) throw failure('locked', 'table-lock', [retries, blockers], details);
      const pause = Math.round(Math.min(100 * 2 ** (attempt - 1), 5000) * (0.5 + Math.random()));
      context.emit({
        type: 'retry',
        attempt,
        retries,
        pause,
        reason: (error as Error).message,
        blockers,
      });
      await sleep(pause, undefined, { signal: context.signal });
    }
}

/** Takes the run lock, reads again, since another run may have been quicker, and does what is left to do. */
async function attemptRun({ connection: lockConnection, ...task }: Task): Promise<Result> {
  const { context, monitor, direction, start, target, progress } = task;
  const { configuration, command, signal, project, emit } = context;
  return await withRunLock(lockConnection, context, (lock) =>
    withConnection(configuration, { purpose: 'run', command, signal }, async (connection) => {
      connection.client.on('notice', ({ severity = '', message = '' }) => {
        emit({ type: 'notice', severity, message });
      });
      const state = await monitor.during(readStateOf(connection, context, true));
      refuseUnreadable(context, state);
      const check = await compareState(context, state);
      progress.count = check.count;
      const wentBack = direction === 'up' ? check.count < start : check.count > start;
      if (wentBack) throw failure('locked', 'overtaken', [versionAt(project, check.count)]);
      const isThere = direction === 'up' ? check.count >= target : check.count <= target;
      if (isThere) return resultOf(context, connection, { ...check, state }, 'nothing-to-do');
      const migrations = between(project, check.count, target);
      refuseProblems(context, await findProblems({ ...context, direction }, state, migrations));
      const run = {
        context,
        direction,
        connection,
        lock,
        monitor,
        startedAt: check.count,
        factsBefore: state.facts,
      };
      const warnings = await migrate(run, migrations, progress);
      return {
        outcome: direction === 'up' ? 'applied' : 'reverted',
        ...known(task, connection),
        warnings,
      };
    }),
  );
}

/** Runs the migrations, and notes what was committed, also when it fails. @returns the warnings of the last check */
async function migrate(
  run: Run,
  migrations: readonly Migration[],
  progress: Task['progress'],
): Promise<readonly Difference[]> {
  const { context, direction } = run;
  const loaded = await loadMigrations(migrations, direction);
  const transaction = new CheckedTransaction(run);
  const { committed } = transaction;
  const note = (): void => {
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
    throw await explain(run, transaction, migrations, error, progress.count);
  }
  note();
  return transaction.warnings;
}

const known = (
  { context, direction, progress }: Omit<Task, 'connection'>,
  connection: Connection,
) => ({
  ...knownAt(context, connection, progress.count),
  ...(direction === 'up' ? { applied: progress.done } : { reverted: progress.done }),
});

/** The failure of a run, with what is known of it. */
function failed(task: Task, error: unknown): unknown {
  const { context, connection, progress } = task;
  const { command, argument, signal, project } = context;
  const version = versionAt(project, progress.count);
  const next = command === 'redo' || (command === 'up' && argument === undefined) ? 'up' : 'status';
  const isPartial = progress.done.length > 0 || progress.wroteOutside;
  if (signal.aborted)
    return withKnown(interrupted(signal, version, error), known(task, connection));
  return withKnown(isPartial ? asPartial(error, version, next) : error, known(task, connection));
}
