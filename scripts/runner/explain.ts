import { isConnectionLost, isLockError, serverFailure, sqlstateOf } from '../database/pg-errors.js';
import { expectedAt, factsAt, type Migration } from '../project/project.js';
import { versionAt } from '../project/version.js';
import { Failure, failure } from '../report/errors.js';
import type { Difference } from '../report/types.js';
import { compare } from '../schema/compare.js';
import { factId, factsOf, isKind } from '../schema/effects.js';
import type { CheckedTransaction, Run } from './transaction.js';

/**
 * The failure that an error of a run is. Errors after which the run is tried again are returned as they are.
 *
 * @param count how many migrations are applied now
 */
export async function explain(
  run: Run,
  transaction: CheckedTransaction,
  migrations: readonly Migration[],
  thrown: unknown,
  count: number,
): Promise<unknown> {
  const error = transaction.firstError?.error ?? thrown;
  if (run.context.signal.aborted || isLockError(error)) return error;
  if (error instanceof Failure) return error;
  if (isConnectionLost(error)) return serverFailure(error);
  const { project } = run.context;
  const { name, file } = transaction.current ?? migrations[0] ?? { name: '', file: '' };
  const { message } = error instanceof Error ? error : { message: String(error) };
  const sqlstate = sqlstateOf(error);
  const details = { sqlstate, file, cause: error };
  const differences = run.direction === 'up' ? await inTheWay(run, migrations, sqlstate ?? '') : [];
  if (differences.length > 0)
    return failure('differs', 'in-the-way', [name, message, differences], {
      ...details,
      differences,
    });
  const { detail, hint, where } = (error ?? {}) as {
    detail?: string;
    hint?: string;
    where?: string;
  };
  const more = [detail, hint, where].filter((line) => line !== undefined);
  const values = [
    file,
    versionAt(project, count),
    message,
    sqlstate,
    more,
    transaction.firstError?.sql,
  ] as const;
  return failure('failed', 'migration-failed', [...values], details);
}

/**
 * What was there before the run, with another definition than the migrations give to what they create: a migration that
 * fails on it failed for that reason. What a migration replaces anyway is only meant where the error is about a duplicate.
 */
async function inTheWay(
  { context, startedAt, factsBefore }: Run,
  migrations: readonly Migration[],
  sqlstate: string,
): Promise<Difference[]> {
  const isDuplicate = ['42P06', '42P07', '42701', '42710', '42723'].includes(sqlstate);
  if (!isDuplicate && !/^(?:22|23|42|55)/.test(sqlstate)) return [];
  const known = factsAt(context.project, startedAt);
  const expected = expectedAt(context.project, startedAt + migrations.length);
  const created = migrations
    .flatMap(({ effect }) => factsOf(effect))
    .filter(([object, part]) => known.get(object)?.has(part) !== true)
    .filter(([, part]) => isDuplicate || isKind(part) || part.startsWith('column '))
    .map(([object, part]) => factId(object, part));
  const only = {
    ...expected,
    named: new Set(created),
    owned: new Set<string>(),
    removed: new Set<string>(),
  };
  const { failing } = await compare(only, factsBefore);
  return failing.filter(
    ({ kind, object }) => kind === 'changed' && (isDuplicate || !object.startsWith('function ')),
  );
}

/** What a failure is once a part of the run is committed. What is neither a failure nor an error of the server stays. */
export function asPartial(error: unknown, version: string | null, next: string): unknown {
  const cause = error instanceof Failure ? error : serverFailure(error);
  if (cause === undefined || cause.outcome === 'partial') return error;
  return failure('partial', 'partial', [version, next, cause.message, cause.hint], {
    ...cause.details,
    cause,
  });
}
