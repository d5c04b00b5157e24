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
  if (!hasPsql) {
    const script = await dumpScript(from, ['--inserts']); // COPY's rows are for psql, as its commands are.
    await to.query(older(script).replaceAll(/^\\.*$/gm, ''));
    return;
  }
  const { code, stderr } = await psql(to.url, older(await dumpScript(from, [])));
  if (code !== 0) throw new Error(`psql ended with ${String(code)}: ${stderr}`);
}

/** The setting is known since 17, and this is its default. */
const older = (script: string): string => script.replace(/^SET transaction_timeout = 0;$/m, '');

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
