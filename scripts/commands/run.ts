import { withConnection } from '../database/connection.ts';
import { between, targetCount, versionAt } from '../project/version.ts';
import { Failure, failure } from '../report/errors.ts';
import { leftBehind } from '../report/messages-run.ts';
import type { Result } from '../report/report.ts';
import { RUN, STATUS } from '../report/wording.ts';
import { checkSchema } from '../runner/check-schema.ts';
import type { Context } from '../runner/context.ts';
import { asFailure, explain } from '../runner/explain.ts';
import { FrameworkClient } from '../runner/framework-client.ts';
import { loadMigrations, runMigrations } from '../runner/framework.ts';
import { refuseProblems } from '../runner/preflight.ts';
import { withRetries } from '../runner/retries.ts';
import { withRunLock } from '../runner/run-lock.ts';
import { LossSuspected, Progress, type RunContext } from '../runner/transaction.ts';
import { knownAt, resultOf } from './check.ts';

/**
 * `up`, `down`, and `redo`, which reverts migrations and applies them again. If there is nothing to do, it
 * only checks the schema. If a migration fails, the result has the error, and what was committed before it.
 */
export const run = (context: Context): Promise<Result> =>
  // This connection holds the run lock. It also reads the state before the lock is held.
  withConnection(context, 'lock', async (lockConnection) => {
    const { project, command, argument, direction, options, tell } = context;
    const first = await withRetries(context, () => checkSchema(lockConnection, context));
    const { count } = first;
    // The target is computed once, so that a second attempt does not go further.
    const target = targetCount(project, count, direction, argument);
    if (target === count) return await resultOf(context, lockConnection, first, 'nothing-to-do');
    const progress = new Progress(count);
    const move = (from: number, to: number) =>
      withRetries(context, () =>
        withRunLock(lockConnection, context, (lock) =>
          withConnection(context, 'run', (connection) => {
            connection.client.on('notice', ({ severity = '', message = '' }) => {
              if (options.verbose || severity === 'WARNING') tell(`${severity}: ${message}`);
            });
            const directed = { ...context, direction: from < to ? 'up' : 'down' } as const;
            return attemptRun({ context: directed, connection, lock, progress }, from, to);
          }),
        ),
      );
    const moves = async () => {
      const result = await move(count, target);
      if (command !== 'redo' || progress.reverted.length === 0) return result;
      return await move(progress.count, count);
    };
    const result = await moves().catch(async (thrown: unknown) => {
      const error = failureOf(context, progress, thrown);
      // Only the server knows what a migration has committed itself.
      if (error.code === 'left-transaction')
        progress.count = (await checkSchema(lockConnection, context).catch(() => progress)).count;
      return { outcome: error.outcome, error };
    });
    const { applied, reverted } = progress;
    return { ...result, ...knownAt(context, lockConnection, progress.count), applied, reverted };
  });

/**
 * Reads the state again, since another run may have changed it before the lock was held, and runs what is
 * left.
 */
async function attemptRun(
  attempt: Omit<RunContext, 'before'>,
  from: number,
  to: number,
): Promise<Result> {
  const { context, connection, progress } = attempt;
  const { direction, project, settings, signal } = context;
  const before = await checkSchema(connection, context);
  const { count } = before;
  progress.count = count;
  const wentBack = direction === 'up' ? count < from : count > from;
  if (wentBack) throw failure('overtaken', [versionAt(project, count)]);
  const migrations = between(project, direction, count, to);
  const [first] = migrations;
  if (!first) return await resultOf(context, connection, before, 'nothing-to-do');
  const { facts, hasTable } = before;
  await refuseProblems(connection, context, migrations, facts, hasTable);
  const loaded = await loadMigrations(migrations, direction);
  const run = { ...attempt, before };
  const client = new FrameworkClient(run, first);
  try {
    // The framework creates its table before the first migration starts. That must be in the transaction, too.
    await client.transaction.begin();
    await runMigrations(settings, client, loaded, direction);
    await client.commit();
    signal.throwIfAborted();
    if (progress.count !== to)
      throw new Error(`the framework stopped at ${progress.count} instead of ${to} migrations`);
    if (client.late !== undefined) throw client.late;
    const outcome = direction === 'up' ? 'applied' : 'reverted';
    return { outcome, warnings: client.transaction.warnings };
  } catch (error) {
    await client.rollback();
    const cause = await explain(run, client, to, error);
    // The run has removed something that may hold data. The next attempt looks for data first.
    if (cause instanceof LossSuspected) return await attemptRun(attempt, from, to);
    throw cause;
  }
}

/** The failure of a run. It says what the run has left behind. */
function failureOf(context: Context, progress: Progress, thrown: unknown): Failure {
  const { command, argument, signal, project } = context;
  const failed = asFailure(thrown, signal);
  const { code, message, hint, details } = failed;
  if (failed.outcome === 'partial' || failed.outcome === 'error') return failed;
  const { count, applied, reverted, wroteOutside, isCommitting } = progress;
  const isRecorded = applied.length + reverted.length > 0;
  const isPartial = (isRecorded || wroteOutside) && code !== 'interrupted';
  const left = leftBehind(versionAt(project, count), isRecorded, wroteOutside, isCommitting);
  if (!isPartial) return new Failure(failed.outcome, code, message, `${left}\n${hint}`, details);
  const goesOn = command === 'redo' || (command === 'up' && argument === undefined);
  const next = goesOn ? `Then continue:  ${RUN} up` : STATUS;
  return new Failure('partial', code, message, `${left}\n${hint}\n${next}`, details);
}
