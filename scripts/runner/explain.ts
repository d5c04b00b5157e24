import { isConnectionLost, isLockError, serverFailure, sqlstateOf } from '../database/pg-errors.js';
import { expectedAt, factsAt, type Migration } from '../project/project.js';
import { Failure, failure } from '../report/errors.js';
import type { Difference } from '../report/types.js';
import { compare } from '../schema/compare.js';
import { factId, factsOf, isKind } from '../schema/effects.js';
import type { CheckedTransaction, Run } from './transaction.js';

/**
 * The failure that an error of a run is. Errors after which the run is tried again are returned as they are.
 *
 * @param version of the database now
 */
export async function explain(
  run: Run,
  transaction: CheckedTransaction,
  migrations: readonly Migration[],
  thrown: unknown,
  version: string | null,
): Promise<unknown> {
  const { error, sql } = transaction.firstError ?? { error: thrown };
  if (run.context.signal.aborted || isLockError(error) || error instanceof Failure) return error;
  if (isConnectionLost(error)) return serverFailure(error);
  const { name, file } = transaction.current ?? migrations[0] ?? { name: '', file: '' };
  const { message, detail, hint, where } = (
    error instanceof Error ? error : { message: String(error) }
  ) as Error & Record<'detail' | 'hint' | 'where', string | undefined>;
  const sqlstate = sqlstateOf(error);
  const details = { sqlstate, file, cause: error };
  const differences = await inTheWay(run, migrations, sqlstate);
  if (differences.length > 0)
    return failure('differs', 'in-the-way', [name, message, differences], {
      ...details,
      differences,
    });
  const more = [detail, hint, where].filter((line) => line !== undefined);
  return failure(
    'failed',
    'migration-failed',
    [file, version, message, sqlstate, more, sql],
    details,
  );
}

/**
 * What was there before the run, with another definition than the migrations give to what they create: a
 * migration that fails on it failed for that reason. What a migration usually replaces counts only where the
 * error is about a duplicate.
 */
async function inTheWay(
  { context, before }: Run,
  migrations: readonly Migration[],
  sqlstate: string,
): Promise<Difference[]> {
  const isDuplicate = ['42P06', '42P07', '42701', '42710', '42723'].includes(sqlstate);
  if (!isDuplicate && !/^(22|23|42|55)/.test(sqlstate)) return [];
  const known = factsAt(context.project, before.count);
  const created = migrations
    .flatMap(({ effect }) => factsOf(effect))
    .filter(([object, part]) => known.get(object)?.has(part) !== true)
    .filter(
      ([object, part]) =>
        isDuplicate || (/^column |^.*(table|view)$/.test(part) && !object.startsWith('function ')),
    )
    .map(([object, part]) => factId(object, part));
  const expected = expectedAt(context.project, before.count + migrations.length);
  const only = {
    ...expected,
    named: new Set(created),
    owned: new Set<string>(),
    removed: new Set<string>(),
  };
  return (await compare(only, before.facts)).failing.filter(({ kind }) => kind === 'changed');
}

/** What a failure is once a part of the run is committed. What is neither a failure nor the server's stays. */
export function asPartial(error: unknown, version: string | null, next: string): unknown {
  const cause = error instanceof Failure ? error : serverFailure(error);
  if (cause === undefined || cause.outcome === 'partial') return error;
  const details = { ...cause.details, cause };
  return failure('partial', 'partial', [version, next, cause.message, cause.hint], details);
}
