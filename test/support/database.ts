import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { dump, type DumpOptions } from './dump.ts';
import { textOf } from './root.ts';

/** A database, with functions to query, dump and drop it. */
export type Database = ReturnType<typeof database>;

/** Creates a database on a server, by default an empty one with a random name, as a copy of another one. */
export async function makeDatabase(
  serverUrl: string,
  { name = `test_${randomBytes(6).toString('hex')}`, template = 'template0' } = {},
): Promise<Database> {
  await withSession(serverUrl, async (session) => {
    const { rows } = await session.query<{ server_version_num: string }>('SHOW server_version_num');
    // FILE_COPY is three times as fast as WAL_LOG, the default since 15. PostgreSQL 14 always copies files.
    const strategy = Number(rows[0]?.server_version_num) >= 150_000 ? 'STRATEGY FILE_COPY' : '';
    await session.query(`CREATE DATABASE ${name} TEMPLATE ${template} ${strategy}`);
  });
  return database(serverUrl, name);
}

/** Returns the database with this name; undefined if the server has none. */
export async function findDatabase(serverUrl: string, name: string): Promise<Database | undefined> {
  const found = await execute(serverUrl, 'SELECT FROM pg_database WHERE datname = $1', [name]);
  return found.length === 0 ? undefined : database(serverUrl, name);
}

/** Creates a database with the application's base schema, and its rows. By default, its name is random. */
export async function makeBase(serverUrl: string, { name = '', rows = true }): Promise<Database> {
  const made = await makeDatabase(serverUrl);
  await made.query(fixture('base-schema.sql') + (rows ? fixture('base-rows.sql') : ''));
  if (name === '') return made;
  // If this program is stopped before, the next `npm run db` finds no database `name`, and begins again.
  await execute(serverUrl, `ALTER DATABASE ${made.name} RENAME TO ${name}`);
  return database(serverUrl, name);
}

/** Creates a database to copy: with the application's base schema, and its rows if `rows` is true. */
export async function makeTemplate(serverUrl: string, { rows = false } = {}): Promise<Database> {
  const template = await makeBase(serverUrl, { rows });
  // PostgreSQL does not copy a database to which a session is connected.
  await execute(serverUrl, `ALTER DATABASE ${template.name} ALLOW_CONNECTIONS false`);
  return template;
}

/** The text of a file of `test/fixtures/`. */
export const fixture = (file: string): string => textOf(`test/fixtures/${file}`);

function database(serverUrl: string, name: string) {
  const url = Object.assign(new URL(serverUrl), { pathname: name }).href;
  const sessions: pg.Client[] = [];
  return {
    name,
    url,
    /** Runs `sql` in a new session of this database, as {@link execute} does. */
    query: <T extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) =>
      execute<T>(url, sql, values),
    /** Opens a session that stays open until the test ends it, or drops the database. */
    connect: async () => {
      const session = await openSession(url);
      sessions.push(session);
      return session;
    },
    /** Dumps the database with pg_dump, as {@link dump} does. */
    dump: (options?: DumpOptions) => dump(url, options),
    drop: async () => {
      await Promise.all(sessions.map((session) => session.end()));
      await execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** Runs `sql` in a new session, and closes it. Returns the rows. */
export function execute<T extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  return withSession(url, async (session) => (await session.query<T>(sql, [...values])).rows);
}

async function withSession<T>(url: string, use: (session: pg.Client) => Promise<T>): Promise<T> {
  const session = await openSession(url);
  try {
    return await use(session);
  } finally {
    await session.end();
  }
}

async function openSession(url: string): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: url });
  // Without a listener, a lost connection would end this process. The query on it fails anyway.
  session.on('error', () => undefined);
  await session.connect();
  return session;
}
