import type { Database } from '../support/database.ts';
import { pgDump } from '../support/dump.ts';
import { hasPsql, psql } from '../support/psql.ts';

/** Copies a database into an empty one, perhaps on another server, by `pg_dump | psql`, or if needed without psql. */
export async function restore(from: string, to: Pick<Database, 'url' | 'query'>): Promise<void> {
  const [server] = await to.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  // Only psql understands the rows after COPY, and backslash commands.
  const written = await pgDump(from, hasPsql ? [] : ['--inserts']);
  // transaction_timeout exists since PostgreSQL 17, and 0 is its default. LOGGED sequences exist since 15.
  let script = written.replace(/^SET transaction_timeout = 0;$/m, '');
  if ((server?.version ?? 0) < 150_000) script = script.replaceAll(/^ +LOGGED$/gm, '');
  if (!hasPsql) {
    await to.query(script.replaceAll(/^\\.*$/gm, ''));
    return;
  }
  const { code, stderr } = await psql(to.url, script);
  if (code !== 0) throw new Error(`psql ended with ${String(code)}: ${stderr}`);
}
