import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { root } from './root.ts';

export interface DumpOptions {
  /** Tables of `public` to leave out, such as the migrations table. Their sequences are left out, too. */
  readonly without?: readonly string[];
  /** True to dump the rows, too. */
  readonly rows?: boolean;
}

/**
 * Dumps the schema with pg_dump, in a form that can be compared: the objects in alphabetical order, without
 * comments and settings of the session. Tests compare the check with it, since pg_dump has its own queries.
 */
export async function dump(url: string, options: DumpOptions = {}): Promise<string> {
  const { without = [], rows = false } = options;
  const names = without.flatMap((table) => [table, `${table}_*_seq`]);
  const tables = names.map((name) => `--exclude-table=public.${name}`);
  return normalise(await pgDump(url, [...tables, ...(rows ? [] : ['--schema-only'])]));
}

/** Sorts the objects of a dump. In the output of pg_dump, a comment with its name precedes each object. */
function normalise(output: string): string {
  const [, ...objects] = output.split(/^--\n-- (?:Data for )?Name: .*\n--\n/m);
  const statements = objects.map((object) => {
    const statement = object.replaceAll(/^(?:SET default_\w+ = .*;|--.*)$/gm, '').trim();
    return statement.replaceAll(/\n{2,}/g, '\n');
  });
  return statements
    .filter((statement) => statement !== '')
    .sort()
    .join('\n\n');
}

/** Runs dump-client.mjs, connects its pipe to the server, and returns the output of pg_dump. */
export async function pgDump(url: string, args: readonly string[]): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const login = Object.entries({ user: username, password, dbname: pathname.slice(1) });
  const words = login.map(([name, value]) => `${name}=${quote(decodeURIComponent(value))}`);
  const target = [`host=${hostname} sslmode=disable`, ...words].join(' ');

  const server = connect(Number(port || 5432), hostname);
  await once(server, 'connect');
  try {
    const argv = [join(root, 'test/support/dump-client.mjs'), ...args, '--dbname', target];
    const client = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    type Pipes = [null, Readable, Readable, Socket];
    const [, stdout, stderr, connection] = client.stdio as unknown as Pipes;
    connection.pipe(server).pipe(connection);
    const [output, errors] = await Promise.all([text(stdout), text(stderr), once(client, 'close')]);
    if (client.exitCode !== 0) throw new Error(`pg_dump failed: ${errors}`);
    return output;
  } finally {
    server.destroy();
  }
}

/** Quotes a value for a connection string of libpq. */
const quote = (value: string): string => `'${value.replace(/['\\]/g, '\\$&')}'`;
