import type { QueryResult } from 'pg';
import type { Connection } from '../database/connection.ts';
import { sqlstateOf } from '../database/pg-errors.ts';
import { failure } from '../report/errors.ts';
import { COUNT_LIMIT, type Loss } from '../report/types.ts';

/** Ids of all tables that are there (`oid`), and of all columns that have been dropped (`oid.number`). */
export type Census = ReadonlySet<string>;

/**
 * Reads a {@link Census}, without temporary tables and what has no rows itself: views, partitioned tables.
 */
export const CENSUS = `SELECT string_agg(id, ' ') AS ids FROM (
  SELECT c.oid::text AS id FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384
  UNION ALL SELECT a.attrelid || '.' || a.attnum FROM pg_catalog.pg_attribute a
  WHERE a.attisdropped AND a.attnum > 0 AND a.attrelid >= 16384) c`;

export const censusFrom = (result: QueryResult | undefined): Census =>
  new Set((result?.rows[0] as { ids: string | null }).ids?.split(' '));

/** The tables on which this transaction holds the lock that DROP and ALTER TABLE take. */
export const LOCKED = `SELECT string_agg(relation::text, ' ') AS ids FROM pg_catalog.pg_locks
  WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'`;

/**
 * The tables and columns that this transaction has removed, by whatever statement. What another session has
 * removed meanwhile is missing as well, but not `locked`. What is renamed keeps its id.
 */
export function removedBetween(before: Census, after: Census, locked: Census): string[] {
  const tableOf = (id: string) => id.split('.')[0] ?? '';
  const tables = [...before].filter((id) => !id.includes('.') && !after.has(id));
  const columns = [...after].filter((id) => id.includes('.') && !before.has(id));
  const known = columns.filter((id) => before.has(tableOf(id)));
  return [...tables, ...known].filter((id) => locked.has(tableOf(id)));
}

/**
 * Makes sure that these tables and columns hold no data. Blocks writers of these tables until the transaction
 * ends. Row security is `off`, so that a policy that hides rows is an error: the table must not look empty.
 *
 * @throws Failure `data-loss` if they hold data, or if the role may not read them
 */
export async function refuseLoss({ query }: Connection, ids: readonly string[]): Promise<void> {
  const [, found] = await query(`SET LOCAL search_path = pg_catalog;
    SELECT c.oid::regclass::text AS "table", NULL AS "column" FROM pg_class c WHERE c.oid::text = ANY ('{${ids.join()}}')
    UNION ALL SELECT a.attrelid::regclass::text, quote_ident(a.attname) FROM pg_attribute a
    WHERE a.attrelid || '.' || a.attnum = ANY ('{${ids.join()}}') AND NOT a.attisdropped AND a.attgenerated = ''`);
  const all = found?.rows as Omit<Loss, 'count'>[];
  if (all.length === 0) return;
  const tables = [...new Set(all.map(({ table }) => `ONLY ${table}`))].join(', ');
  const counts = all.map(({ table, column }) => {
    const rows = `SELECT FROM ONLY ${table} WHERE ${column === null ? 'true' : `${column} IS DISTINCT FROM NULL`}`;
    return `(SELECT count(*) FROM (${rows} LIMIT ${COUNT_LIMIT + 1}) r)::int`;
  });
  try {
    await query(`SET LOCAL row_security = off; LOCK TABLE ${tables} IN SHARE MODE`);
    const [result] = await query(`SELECT ARRAY[${counts.join(', ')}] AS counts`);
    const numbers = (result?.rows[0] as { counts: number[] }).counts;
    const losses = all.map((loss, index) => ({ ...loss, count: numbers[index] ?? 0 }));
    const real = losses.filter(({ count }) => count > 0);
    if (real.length > 0) throw failure('data-loss', [real]);
  } catch (cause) {
    if (sqlstateOf(cause) !== '42501') throw cause;
    const names = all.map(({ table }) => table);
    throw failure('data-loss-unseen', [names, (cause as Error).message], { cause });
  }
}
