import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Database } from '../support/database.js';
import { hasPsql, psql } from '../support/psql.js';
import { root } from '../support/root.js';

/** Copies a database into an empty one, of the same or another server: `pg_dump | psql`, or the like without psql. */
export async function restore(from: string, to: Pick<Database, 'url' | 'query'>): Promise<void> {
  const [server] = await to.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  );
  // COPY's rows are for psql, as its commands are.
  const written = await dumpScript(from, hasPsql ? [] : ['--inserts']);
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

async function dumpScript(url: string, args: readonly string[]): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const server = connect(Number(port), hostname);
  await once(server, 'connect');
  const target = `host=${hostname} sslmode=disable user=${username} password=${password} dbname=${pathname.slice(1)}`;
  const client = spawn(
    process.execPath,
    [join(root, 'test/support/dump-client.mjs'), ...args, '--dbname', target],
    {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    },
  );
  const [, stdout, , connection] = client.stdio as unknown as [null, Readable, null, Socket];
  connection.pipe(server).pipe(connection);
  const [script] = await Promise.all([text(stdout), once(client, 'close')]);
  server.destroy();
  if (client.exitCode !== 0) throw new Error('pg_dump failed');
  return script;
}
