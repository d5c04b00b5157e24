import type { Connection } from '../database/connection.js';
import { sqlstateOf } from '../database/pg-errors.js';
import { failure } from '../report/errors.js';
import { COUNT_LIMIT, type Loss } from '../report/types.js';

/**
 * The guard against data loss. It compares which tables and columns exist at BEGIN and before COMMIT, by their object
 * ids, so it finds what is gone whatever removed it, and a renaming is no loss.
 */

/** The ids of all tables, and of their dropped columns as `table.number`. */
export type Census = ReadonlySet<string>;

/** Of tables that hold rows themselves: partitions, not partitioned tables; no views; nothing temporary. */
export const CENSUS = `SELECT
  (SELECT string_agg(c.oid::text, ' ') FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384) AS tables,
  (SELECT string_agg(a.attrelid || '.' || a.attnum, ' ') FROM pg_catalog.pg_attribute a
    WHERE a.attisdropped AND a.attnum > 0 AND a.attrelid >= 16384) AS dropped`;

export const censusFrom = ({
  tables,
  dropped,
}: {
  readonly tables: string | null;
  readonly dropped: string | null;
}): Census =>
  new Set([...(tables ?? '').split(' '), ...(dropped ?? '').split(' ')].filter((id) => id !== ''));

/** What was there before and is gone: ids of tables, and of columns of tables that are still there. */
export function gone(before: Census, after: Census): string[] {
  const tables = [...before].filter((id) => !id.includes('.') && !after.has(id));
  const columns = [...after].filter(
    (id) => id.includes('.') && !before.has(id) && before.has(id.split('.')[0] ?? ''),
  );
  return [...tables, ...columns];
}

/**
 * Looks for rows and values in what a run would remove, in a transaction that has not removed it yet. Locks the tables
 * against writers until the end of the transaction; readers go on. With row security `off`, so that a policy that hides
 * rows is an error and not an empty table.
 *
 * @throws Failure `data-loss` where there is something, with bounded counts, or where the role may not look
 */
export async function refuseLoss(connection: Connection, ids: readonly string[]): Promise<void> {
  const tables = ids.filter((id) => !id.includes('.'));
  const columns = ids.filter((id) => id.includes('.'));
  const [, found] = await connection.query(`SET LOCAL search_path = pg_catalog;
    SELECT c.oid::regclass::text AS "table", NULL AS "column" FROM pg_class c WHERE c.oid::text = ANY ('{${tables.join()}}')
    UNION ALL SELECT a.attrelid::regclass::text, quote_ident(a.attname) FROM pg_attribute a
    WHERE a.attrelid || '.' || a.attnum = ANY ('{${columns.join()}}') AND NOT a.attisdropped AND a.attgenerated = ''`);
  const all = found?.rows as Omit<Loss, 'count'>[];
  if (all.length === 0) return;
  const names = [...new Set(all.map(({ table }) => `ONLY ${table}`))].join(', ');
  const counts = all.map(({ table, column }) => {
    const rows = `SELECT FROM ONLY ${table} WHERE ${column === null ? 'true' : `${column} IS NOT NULL`}`;
    return `(SELECT count(*) FROM (${rows} LIMIT ${COUNT_LIMIT + 1}) r)::int`;
  });
  try {
    await connection.query(`SET LOCAL row_security = off; LOCK TABLE ${names} IN SHARE MODE`);
    const [result] = await connection.query(`SELECT ARRAY[${counts.join(', ')}] AS counts`);
    const { counts: numbers } = result?.rows[0] as { counts: number[] };
    const losses = all
      .map((loss, index) => ({ ...loss, count: numbers[index] ?? 0 }))
      .filter(({ count }) => count > 0);
    if (losses.length > 0) throw failure('data-loss', 'data-loss', [losses]);
  } catch (cause) {
    if (sqlstateOf(cause) !== '42501') throw cause;
    throw failure('data-loss', 'data-loss-unseen', [all, (cause as Error).message], {
      sqlstate: '42501',
      cause,
    });
  }
}
