import type { Database } from '../support/database.ts';
import { pgDump } from '../support/dump.ts';
import { hasPsql, psql } from '../support/psql.ts';

/** Copies a database into an empty one, of the same or another server: `pg_dump | psql`, or the like without psql. */
export async function restore(from: string, to: Pick<Database, 'url' | 'query'>): Promise<void> {
  const [server] = await to.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  // COPY's rows are for psql, as its commands are.
  const written = await pgDump(from, hasPsql ? [] : ['--inserts']);
  // The setting is known since 17, and this is its default; sequences are LOGGED or UNLOGGED since 15.
  let script = written.replace(/^SET transaction_timeout = 0;$/m, '');
  if ((server?.version ?? 0) < 150_000) script = script.replaceAll(/^ +LOGGED$/gm, '');
  if (!hasPsql) {
    await to.query(script.replaceAll(/^\\.*$/gm, ''));
    return;
  }
  const { code, stderr } = await psql(to.url, script);
  if (code !== 0) throw new Error(`psql ended with ${String(code)}: ${stderr}`);
}
