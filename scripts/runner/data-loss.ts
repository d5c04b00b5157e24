import type { Connection } from '../database/connection.ts';
import { sqlstateOf } from '../database/pg-errors.ts';
import { failure } from '../report/errors.ts';
import { COUNT_LIMIT, type Loss } from '../report/types.ts';
import type { RunLock } from './run-lock.ts';

/** A table or a column that a run has removed. Its id changes when it is renamed: the look is by name. */
export type Removed = Omit<Loss, 'count'> & { readonly id: string };

/** The tables that this transaction has locked as DROP and ALTER TABLE do, and the columns that it sees in them. */
const LOCKED = `SELECT json_agg(l)::text AS locked FROM (SELECT relation AS id, ARRAY(
    SELECT attnum FROM pg_catalog.pg_attribute WHERE attrelid = relation AND NOT attisdropped) AS columns
  FROM pg_catalog.pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock') l`;

/**
 * Of these tables and their columns, those that the transaction does not see any more. Every table has system
 * columns: one without columns is dropped.
 */
const goneQuery = (locked: string) => `
  WITH t AS (SELECT c.oid, c.oid::regclass::text AS "table", l.columns
    FROM json_to_recordset('${locked}') AS l(id oid, columns int[]) JOIN pg_class c ON c.oid = l.id
    WHERE c.relkind = 'r' AND c.relpersistence <> 't')
  SELECT concat(oid, "table") AS id, "table", NULL AS "column" FROM t WHERE columns = '{}'
  UNION ALL SELECT concat_ws('.', t.oid, a.attnum, "table", a.attname), "table", quote_ident(a.attname)
  FROM t JOIN pg_attribute a ON a.attrelid = t.oid
  WHERE columns <> '{}' AND a.attnum <> ALL (columns) AND NOT a.attisdropped AND a.attgenerated = ''`;

/**
 * The tables and columns that the open transaction has removed, by whatever statement. The connection of the
 * run lock still sees them. What is renamed keeps its id.
 */
export async function findRemoved({ query }: Connection, lock: RunLock): Promise<Removed[]> {
  const results = await query(`SET CONSTRAINTS ALL IMMEDIATE; ${LOCKED}`);
  const { locked } = results.at(-1)?.rows[0] as { locked: string | null };
  return (await lock.queryHeld(goneQuery(locked ?? '[]'))) as Removed[];
}

/**
 * Makes sure that these tables and columns hold no data. Blocks writers of these tables until the transaction
 * ends. Row security is `off`, so that a policy that hides rows is an error: the table must not look empty.
 *
 * @throws Failure `data-loss` if they hold data, or if the role may not read them
 */
export async function refuseLoss(
  { query }: Connection,
  removed: readonly Removed[],
): Promise<void> {
  const tables = [...new Set(removed.map(({ table }) => `ONLY ${table}`))].join(', ');
  // Not IS NOT NULL: that is false for a composite value with a field that is null.
  const counts = removed.map(({ table, column }) => {
    const rows = `SELECT FROM ONLY ${table} WHERE ${column === null ? 'true' : `${column} IS DISTINCT FROM NULL`}`;
    return `(SELECT count(*) FROM (${rows} LIMIT ${COUNT_LIMIT + 1}) r)::int`;
  });
  try {
    await query('SET LOCAL search_path = pg_catalog; SET LOCAL row_security = off');
    await query(`LOCK TABLE ${tables} IN SHARE MODE`);
    const [result] = await query(`SELECT ARRAY[${counts.join(', ')}] AS counts`);
    const numbers = (result?.rows[0] as { counts: number[] }).counts;
    const losses = removed.map((loss, index) => ({ ...loss, count: numbers[index] ?? 0 }));
    const real = losses.filter(({ count }) => count > 0);
    if (real.length > 0) throw failure('data-loss', [real]);
  } catch (cause) {
    if (sqlstateOf(cause) !== '42501') throw cause;
    const names = removed.map(({ table }) => table);
    throw failure('data-loss-unseen', [names, (cause as Error).message], { cause });
  }
}
