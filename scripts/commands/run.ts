import { withConnection } from '../database/connection.js';
import { between, targetCount, versionAt } from '../project/version.js';
import { failure } from '../report/errors.js';
import type { Result } from '../report/report.js';
import { checkSchema } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';
import { asFailure, asPartial, explain } from '../runner/explain.js';
import { FrameworkClient } from '../runner/framework-client.js';
import { loadMigrations, runMigrations } from '../runner/framework.js';
import { withLockMonitor } from '../runner/lock-monitor.js';
import { refuseProblems } from '../runner/preflight.js';
import { withRetries } from '../runner/retries.js';
import { withRunLock } from '../runner/run-lock.js';
import { LossSuspected, type Progress, type Run } from '../runner/transaction.js';
import { knownAt, resultOf } from './check.js';

/**
 * `redo`: reverts the last n migrations, and applies them again. These are two runs, each checked and
 * committed.
 */
export async function redo(context: Context): Promise<Result> {
  const down = await run(context, 'down');
  const { reverted = [], version = null } = down;
  if (reverted.length === 0 || down.error) return down;
  const again = { ...context, argument: String(reverted.length) };
  const up: Result = await run(again, 'up').catch((thrown: unknown) => {
    const error = asFailure(thrown, context.signal, version);
    return { ...down, outcome: error.outcome, error };
  });
  if (!up.error) return { ...up, reverted };
  const error = asPartial(up.error, up.version ?? version, {}, 'up');
  return { ...up, outcome: error.outcome, error, reverted };
}

/**
 * `up` and `down`: brings the database to another version. With nothing to do, it checks the schema, takes no
 * lock, and writes nothing. If a migration fails, the result has the error and what was committed before.
 */
export const run = (context: Context, direction = context.direction): Promise<Result> =>
  withConnection(context, 'lock', (connection) =>
    withLockMonitor(context, async (monitor) => {
      const check = () => monitor.during(checkSchema(connection, context));
      const first = await withRetries(context, monitor, check);
      const { options, tell } = context;
      // The target is computed once: another attempt must not go further.
      const { count } = first;
      const target = targetCount(context.project, count, direction, context.argument);
      if (target === count) return await resultOf(context, connection, first, 'nothing-to-do');
      const progress: Progress = {
        count,
        done: [],
        wroteOutside: false,
        isCommitting: false,
        suspects: [],
      };
      const attempt = () =>
        withRunLock(connection, context, (lock) =>
          withConnection(context, 'run', (own) => {
            own.client.on('notice', ({ severity = '', message = '' }) => {
              if (options.verbose || severity === 'WARNING') tell(`${severity}: ${message}`);
            });
            const parts = { context, direction, connection: own, lock, monitor, progress };
            return attemptRun(parts, count, target);
          }),
        );
      const outcome = direction === 'up' ? 'applied' : 'reverted';
      const result = await withRetries(context, monitor, attempt).catch((thrown: unknown) => {
        const error = failureOf(context, progress, thrown);
        return { outcome: error.outcome, error };
      });
      const known = knownAt(context, connection, progress.count);
      return { ...result, ...known, [outcome]: progress.done };
    }),
  );

/** Reads the state again under the run lock, since another run may have changed it, and does what is left. */
async function attemptRun(
  attempt: Omit<Run, 'before'>,
  start: number,
  target: number,
): Promise<Result> {
  const { context, direction, connection, monitor, progress } = attempt;
  const { project, settings, signal } = context;
  const before = await monitor.during(checkSchema(connection, context));
  const { count } = before;
  progress.count = count;
  const isUp = direction === 'up';
  const wentBack = isUp ? count < start : count > start;
  const isDone = isUp ? count >= target : count <= target;
  if (wentBack) throw failure('overtaken', [versionAt(project, count)]);
  if (isDone) return await resultOf(context, connection, before, 'nothing-to-do');
  const migrations = between(project, count, target);
  await refuseProblems(connection, { ...context, direction }, migrations, before.facts);
  const loaded = await loadMigrations(migrations, direction);
  const run = { ...attempt, before };
  const client = new FrameworkClient(run);
  try {
    signal.throwIfAborted();
    await runMigrations(settings, client, loaded, direction);
    if (progress.count !== target)
      throw new Error(`the framework stopped at ${progress.count} instead of ${target} migrations`);
    if (client.late !== undefined) throw client.late;
    return {
      outcome: isUp ? 'applied' : 'reverted',
      warnings: client.transaction.warnings,
    };
  } catch (error) {
    await client.rollback();
    const cause = await explain(run, client, migrations, error);
    // What the run removes may hold data: the next attempt looks there first.
    if (cause instanceof LossSuspected) return await attemptRun(attempt, start, target);
    throw cause;
  }
}

function failureOf(
  { command, argument, signal, project }: Context,
  progress: Progress,
  thrown: unknown,
) {
  const { count, done, wroteOutside, isCommitting } = progress;
  const version = versionAt(project, count);
  const next = command === 'redo' || (command === 'up' && argument === undefined) ? 'up' : 'status';
  const failed = asFailure(thrown, signal, isCommitting ? undefined : version);
  const isPartial = (done.length > 0 || wroteOutside) && !signal.aborted;
  const committed = { isRecorded: done.length > 0, wroteOutside };
  return isPartial ? asPartial(failed, version, committed, next) : failed;
}
