import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { dump, type DumpOptions } from './dump.ts';
import { root } from './root.ts';

/** A database for one test. */
export interface Database {
  readonly name: string;
  readonly url: string;
  /** Runs `sql` in a new session, and closes it. */
  readonly query: <T extends pg.QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
  ) => Promise<T[]>;
  /** Opens a session that stays open until the test ends it, or drops the database. */
  readonly connect: () => Promise<pg.Client>;
  /** Returns the output of pg_dump; see dump.ts. */
  readonly dump: (options?: DumpOptions) => Promise<string>;
  readonly drop: () => Promise<void>;
}

export interface NewDatabase {
  /** By default, a random name. */
  readonly name?: string;
  /** The database to copy; by default, the new database is empty. */
  readonly template?: string | undefined;
}

/** Creates a database on a server. */
export async function makeDatabase(
  serverUrl: string,
  options: NewDatabase = {},
): Promise<Database> {
  const { name = `test_${randomBytes(6).toString('hex')}`, template = 'template0' } = options;
  await withSession(serverUrl, async (session) => {
    const { rows } = await session.query<{ version: number }>(
      `SELECT current_setting('server_version_num')::int AS version`,
    );
    // FILE_COPY is three times as fast as the default, WAL_LOG. Before PostgreSQL 15, it is the only strategy.
    const strategy = (rows[0]?.version ?? 0) >= 150_000 ? 'STRATEGY FILE_COPY' : '';
    await session.query(`CREATE DATABASE ${name} TEMPLATE ${template} ${strategy}`);
  });
  return database(serverUrl, name);
}

/** The database with this name, if the server has one. */
export async function findDatabase(serverUrl: string, name: string): Promise<Database | undefined> {
  const found = await execute(serverUrl, 'SELECT FROM pg_database WHERE datname = $1', [name]);
  return found.length === 0 ? undefined : database(serverUrl, name);
}

/** Creates a database with the application's base schema, and on request its rows, as a template for others. */
export async function makeTemplate(serverUrl: string, { rows = false } = {}): Promise<Database> {
  const template = await makeDatabase(serverUrl);
  await template.query(fixture('base-schema.sql') + (rows ? fixture('base-rows.sql') : ''));
  // PostgreSQL does not copy a database to which a session is connected.
  await execute(serverUrl, `ALTER DATABASE ${template.name} ALLOW_CONNECTIONS false`);
  return template;
}

/** The text of a file of `test/fixtures/`. */
export function fixture(file: string): string {
  return readFileSync(join(root, 'test/fixtures', file), 'utf8');
}

function database(serverUrl: string, name: string): Database {
  const url = withDatabase(serverUrl, name);
  const sessions: pg.Client[] = [];
  return {
    name,
    url,
    query: (sql, values) => execute(url, sql, values),
    connect: async () => {
      const session = await openSession(url);
      sessions.push(session);
      return session;
    },
    dump: (options) => dump(url, options),
    drop: async () => {
      await Promise.all(sessions.map((session) => session.end()));
      await execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

function execute<T extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values?: readonly unknown[],
): Promise<T[]> {
  return withSession(
    url,
    async (session) => (await session.query<T>(sql, values && [...values])).rows,
  );
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
  // If the connection is lost, its query fails, which is enough.
  session.on('error', () => undefined);
  await session.connect();
  return session;
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
