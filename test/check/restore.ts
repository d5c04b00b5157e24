import type { Database } from '../support/database.ts';
import { pgDump } from '../support/dump.ts';
import { hasPsql, psql } from '../support/psql.ts';

/** Copies a database into an empty one, maybe on another server, by pg_dump and psql (if installed). */
export async function restore(from: string, to: Pick<Database, 'url' | 'query'>): Promise<void> {
  const [row] = await to.query<{ server_version_num: string }>('SHOW server_version_num');
  // Without psql, the dump must have INSERT: only psql understands rows after COPY, and backslash commands.
  const written = await pgDump(from, hasPsql ? [] : ['--inserts']);
  // Remove what an older server rejects: transaction_timeout (new in 17), and LOGGED sequences (new in 15).
  let script = written.replace(/^SET transaction_timeout = 0;$/m, '');
  if (Number(row?.server_version_num) < 150_000) script = script.replaceAll(/^ +LOGGED$/gm, '');
  if (!hasPsql) {
    await to.query(script.replaceAll(/^\\.*$/gm, ''));
    return;
  }
  const { code, stderr } = await psql(to.url, script);
  if (code !== 0) throw new Error(`psql ended with ${String(code)}: ${stderr}`);
}
