import type { Database } from './database.ts';

type Row = Readonly<Record<string, string | null>>;

/** The rows of all tables of `public`, except the migrations table: the values as text, by column. */
export async function rowsOf(database: Database): Promise<Record<string, Row[]>> {
  const tables = await database.query<{ name: string }>(`
    SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind = 'r'
      AND relnamespace = 'public'::regnamespace AND relname <> 'pgmigrations' ORDER BY 1`);
  const rows: Record<string, Row[]> = Object.fromEntries(tables.map(({ name }) => [name, []]));
  const sql = tables.map(
    ({ name }) => `SELECT '${name}' AS name, to_jsonb(t) ->> 'id' AS id,
      (SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(to_jsonb(t))) AS row FROM public.${name} t`,
  );
  if (sql.length === 0) return rows;
  const found = await database.query<{ name: string; row: Row }>(
    `${sql.join(' UNION ALL ')} ORDER BY 1, 2, 3`,
  );
  for (const { name, row } of found) rows[name]?.push(row);
  return rows;
}

/**
 * The schema `public`, except the table `without`: one line for each table, column and so on. Does not use
 * this project's catalog query, and is quicker than pg_dump.
 */
export async function schemaLines(database: Database, without = 'pgmigrations'): Promise<string[]> {
  const found = await database.query<{ line: string }>(`
    WITH t AS (
      SELECT * FROM pg_class WHERE relkind IN ('r', 'v', 'm')
        AND relnamespace = 'public'::regnamespace AND relname <> '${without}')
    SELECT format('%s: %s %s %s', relname, relkind, relpersistence, relrowsecurity) AS line FROM t
    UNION ALL SELECT concat_ws(' ', relname || '.' || attname, format_type(atttypid, atttypmod),
      CASE WHEN attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(adbin, adrelid)) FROM t
      JOIN pg_attribute ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    UNION ALL SELECT concat_ws(' ', relname || '.' || conname, pg_get_constraintdef(c.oid)) FROM t
      JOIN pg_constraint c ON conrelid = t.oid AND contype <> 'n'
    UNION ALL SELECT concat_ws(' ', pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN 'INVALID' END)
      FROM t JOIN pg_index ON indrelid = t.oid
    UNION ALL SELECT concat_ws(' ', pg_get_triggerdef(g.oid), CASE WHEN tgenabled <> 'O' THEN 'DISABLED' END)
      FROM t JOIN pg_trigger g ON tgrelid = t.oid AND NOT tgisinternal
    UNION ALL SELECT concat_ws(' ', relname || '.' || polname, pg_get_expr(polqual, polrelid)) FROM t
      JOIN pg_policy ON polrelid = t.oid
    UNION ALL SELECT concat_ws(' ', oid::regprocedure, prosrc) FROM pg_proc
      WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'type ' || typname FROM pg_type
      WHERE typnamespace = 'public'::regnamespace AND typrelid = 0 AND typelem = 0
    ORDER BY 1`);
  return found.map(({ line }) => line);
}
