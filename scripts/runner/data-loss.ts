import type { Connection } from '../database/connection.ts';
import { sqlstateOf } from '../database/pg-errors.ts';
import { failure } from '../report/errors.ts';
import { COUNT_LIMIT } from '../report/types.ts';
import type { Attempt, Removed } from './context.ts';

/** Lists the tables that the transaction has locked as DROP does, with the columns that they still have. */
const LOCKED = `SELECT relation AS id, ARRAY(SELECT attnum FROM pg_catalog.pg_attribute
    WHERE attrelid = relation AND NOT attisdropped) AS columns
  FROM pg_catalog.pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock'`;

/**
 * Finds which of the tables in {@link LOCKED} were dropped, and which columns of the others. The connection
 * that holds the run lock sends this query, because it sees what is dropped until the DROP is committed. In
 * LOCKED, a dropped table has no columns. Any other table has at least its system columns, such as ctid.
 */
const removedQuery = (locked: string) => `
  SELECT c.oid::regclass::text AS "table", quote_ident(attname) AS "column"
  FROM json_to_recordset('${locked}') AS l(id oid, columns int[]) JOIN pg_class c ON c.oid = id
    LEFT JOIN pg_attribute ON attrelid = id AND columns <> '{}' AND NOT attisdropped AND attgenerated = ''
  WHERE relkind = 'r' AND relpersistence <> 't' AND (columns = '{}' OR attnum <> ALL (columns))
  ORDER BY 1, 2`;

/** Finds the tables and columns that the transaction removed. Leaves out those known to be without data. */
export async function findRemoved({ assertLock, connection, progress }: Attempt) {
  const [locked] = await connection.query(LOCKED);
  const removed = (await assertLock(removedQuery(JSON.stringify(locked?.rows)))) as Removed[];
  const known = progress.removed.map((each) => JSON.stringify(each));
  return removed.filter((each) => !known.includes(JSON.stringify(each)));
}

/**
 * Refuses the run (Failure `data-loss`) if these tables and columns hold data, or if the role may not read
 * all of that data. Called when the run begins again, while the tables and columns exist. Blocks writers of
 * the tables until the transaction ends. With `row_security = off`, a policy that hides rows is an error.
 */
export async function refuseLoss({ query }: Connection, removed: readonly Removed[]) {
  const names = [...new Set(removed.map(({ table }) => table))];
  const tables = names.map((name) => `ONLY ${name}`).join(', ');
  // IS NOT NULL would be false for a composite value that has a null field.
  const queries = removed.map(({ table, column }) => {
    const holdsData = column === null ? 'true' : `${column} IS DISTINCT FROM NULL`;
    const rows = `SELECT FROM ONLY ${table} WHERE ${holdsData} LIMIT ${COUNT_LIMIT + 1}`;
    return `(SELECT count(*) FROM (${rows}) r)`;
  });
  const sql = `SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL row_security = off;
    LOCK TABLE ${tables} IN SHARE MODE; SELECT to_json(ARRAY[${queries.join(', ')}]) AS json`;
  const results = await query(sql).catch((cause: unknown) => {
    if (sqlstateOf(cause) !== '42501') throw cause;
    throw failure('data-loss-unseen', [names, (cause as Error).message], { cause });
  });
  const { json } = results.at(-1)?.rows[0] as { json: string };
  const counts = JSON.parse(json) as number[];
  const losses = removed.map((each, index) => ({ ...each, count: counts[index] ?? 0 }));
  const withData = losses.filter(({ count }) => count > 0);
  if (withData.length > 0) throw failure('data-loss', [withData]);
}
