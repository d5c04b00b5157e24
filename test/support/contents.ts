import type { Database } from './database.ts';
import { textOf } from './root.ts';

const lines = textOf('test/support/schema-lines.sql');

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
  const found = await database.query<{ line: string }>(lines, [without]);
  return found.map(({ line }) => line);
}
