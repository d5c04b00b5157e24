import { withConnection } from '../database/connection.ts';
import { asFailure } from '../database/pg-errors.ts';
import { migrationsToRun, targetCount, versionAt } from '../project/version.ts';
import { Failure, failure } from '../report/errors.ts';
import type { Result } from '../report/report.ts';
import type { Direction } from '../report/types.ts';
import { atVersion, leftBehind, RUN, STATUS_HINT, STOPPED_IN_COMMIT } from '../report/wording.ts';
import { checkSchema, checkWithRetries } from '../runner/check-schema.ts';
import { Progress, type Attempt, type Connected, type Context } from '../runner/context.ts';
import { FrameworkClient } from '../runner/framework-client.ts';
import { loadMigrations, runMigrations } from '../runner/framework.ts';
import { translateError } from '../runner/migration-errors.ts';
import { refuseProblems } from '../runner/preflight.ts';
import { withRunLock } from '../runner/run-lock.ts';
import { withRetries } from '../runner/table-locks.ts';
import { resultOfCheck, versionDetails } from './check.ts';

/**
 * `up`, `down`, and `redo`, which reverts migrations and applies them again. If there is nothing to do,
 * they only check the schema. If a migration fails, the result has the error, and what was committed before.
 */
export const run = (context: Context): Promise<Result> =>
  // This connection holds the run lock. The migrations run on another one: see withRunLock.
  withConnection(context, 'lock', async (locking) => {
    const { project, command, argument, direction } = context;
    const progress = new Progress();
    const check = await checkWithRetries(locking).catch((thrown: unknown) =>
      failureOfRun(context, progress, asFailure(thrown, context.signal)),
    );
    // Returned, not thrown: after a signal, asFailure() in migrate.ts would drop this hint.
    if (check instanceof Failure) return { outcome: check.outcome, error: check };
    const { count } = check;
    progress.count = count;
    // Compute the target once: an attempt that is repeated after a commit must not go further.
    const target = targetCount(project, count, direction, argument);
    if (target === count) return await resultOfCheck(locking, check, 'nothing-to-do');
    let result: Result;
    try {
      result = await migrateTo(locking, progress, target);
      if (command === 'redo' && progress.down.length > 0)
        result = await migrateTo(locking, progress, count);
    } catch (thrown) {
      const failed = asFailure(thrown, context.signal);
      // A migration may have committed by itself, so read from the database how many are applied. Not after a
      // COMMIT without an answer: the database may then have more than the result lists as applied.
      if (progress.wroteOutside && !progress.isCommitting) {
        const now = await checkSchema(locking).catch(() => undefined);
        progress.count = now?.count ?? progress.count;
      }
      const error = failureOfRun(context, progress, failed);
      result = { outcome: error.outcome, error, warnings: error.details.warnings ?? [] };
    }
    const details = versionDetails(locking, progress.count);
    return { ...result, ...details, applied: progress.up, reverted: progress.down };
  });

/** Migrates until `to` migrations are applied. Each attempt takes the run lock and opens a connection. */
function migrateTo(locking: Connected, progress: Progress, to: number) {
  const direction: Direction = progress.count < to ? 'up' : 'down';
  progress.direction = direction;
  const { options, tell } = locking;
  return withRetries(locking, () =>
    withRunLock(locking, (assertLock, isHeld) =>
      withConnection({ ...locking, direction, assertLock, isHeld, progress }, 'run', (attempt) => {
        attempt.connection.client.on('notice', ({ code = '', severity = '', message = '' }) => {
          // A server may translate the severity, but not the code, which often begins with 01.
          const isShown = options.verbose || severity === 'WARNING' || code.startsWith('01');
          if (isShown) tell(`${severity}: ${message}`);
        });
        return attemptRun(attempt, to);
      }),
    ),
  );
}

/** Checks again, because another run may have migrated before this run had the lock. Then migrates. */
async function attemptRun(attempt: Attempt, to: number): Promise<Result> {
  const { direction, progress, project, settings } = attempt;
  const check = await checkSchema(attempt);
  const { count } = check;
  const isFurtherAway = direction === 'up' ? count < progress.count : count > progress.count;
  progress.count = count;
  if (isFurtherAway) throw failure('overtaken', [versionAt(project, count)]);
  const migrations = migrationsToRun(project, direction, count, to);
  const [first] = migrations;
  if (!first) return await resultOfCheck(attempt, check, 'nothing-to-do');
  await refuseProblems(attempt, migrations, check);
  const loaded = await loadMigrations(migrations, direction);
  const client = new FrameworkClient(attempt, check, first);
  try {
    // Begin now, because the framework creates the migrations table before the first migration starts.
    await client.begin();
    await runMigrations(settings, client, loaded, direction);
    await client.commit();
    client.assertValid(); // A statement that came too late is an error, although all is committed.
    return { outcome: direction === 'up' ? 'applied' : 'reverted', warnings: client.warnings };
  } catch (error) {
    const failed = await client.abandon(error);
    if (client.removed.length === 0) throw await translateError(client, failed);
    progress.removed = [...progress.removed, ...client.removed];
    return await attemptRun(attempt, to); // Begins again: looks for data in what would be removed.
  }
}

/**
 * Says in the hint of a failure what the run has changed in the database. If it has changed something, the
 * outcome becomes `partial`, except after a signal.
 */
function failureOfRun(context: Context, progress: Progress, failed: Failure): Failure {
  const { command, argument, project } = context;
  const { outcome, code, message, hint, details } = failed;
  const { count, up, down, direction, wroteOutside, isCommitting } = progress;
  const version = versionAt(project, count);
  const fail = (newOutcome: typeof outcome, ...hints: string[]) =>
    new Failure(newOutcome, code, message, hints.join('\n'), details);
  // The migration committed something itself, without a check. `leftBehind` would say that it was checked.
  if (outcome === 'partial') return fail('partial', `The database is ${atVersion(version)}.`, hint);
  const hasCommitted = up.length + down.length > 0;
  const left = isCommitting ? STOPPED_IN_COMMIT : leftBehind(version, hasCommitted, wroteOutside);
  // An interrupted command keeps its exit code, 130 or 143, even if a part was committed.
  if ((!hasCommitted && !wroteOutside) || code === 'interrupted') return fail(outcome, left, hint);
  // If a `down` stopped halfway, outside a transaction, its migration is still recorded: `up` would skip it.
  const isHalfReverted = wroteOutside && direction === 'down';
  const endsWithAll = command === 'redo' || (command === 'up' && argument === undefined);
  const isCompletedByUp = endsWithAll && !isHalfReverted;
  // Remove the advice to run the command again: `redo`, `down` and `up 1` would revert or apply more.
  const advice = hint.replace(/,? and run (the (same )?command )?again\b/, '');
  return fail('partial', left, advice, isCompletedByUp ? `Then continue:  ${RUN} up` : STATUS_HINT);
}
