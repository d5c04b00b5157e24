import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Database } from './database.js';
import { root } from './root.js';

/** Copies a database into an empty one, of the same or another server, as `pg_dump | psql` does. */
export async function restore(from: string, to: Pick<Database, 'query'>): Promise<void> {
  const script = await dumpScript(from);
  // `\restrict` and its kin are for psql; the rows come as INSERTs, so that nothing else is. The setting is known since 17.
  await to.query(script.replaceAll(/^(?:\\.*|SET transaction_timeout = 0;)$/gm, ''));
}

async function dumpScript(url: string): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const server = connect(Number(port), hostname);
  await once(server, 'connect');
  const target = `host=${hostname} sslmode=disable user=${username} password=${password} dbname=${pathname.slice(1)}`;
  const client = spawn(
    process.execPath,
    [join(root, 'test/support/dump-client.mjs'), '--inserts', '--dbname', target],
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
