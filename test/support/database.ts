import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { dump, type DumpOptions } from './dump.ts';
import { root } from './root.ts';

/** A database of its own, for one test. */
export interface Database {
  readonly name: string;
  readonly url: string;
  /** Runs `sql` in a session of its own: no connection stays open between two queries. */
  readonly query: <T extends pg.QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
  ) => Promise<T[]>;
  /** A session for the test itself, open until it is ended or the database is dropped. */
  readonly connect: () => Promise<pg.Client>;
  /** What pg_dump says of it; see dump.ts. */
  readonly dump: (options?: DumpOptions) => Promise<string>;
  readonly drop: () => Promise<void>;
}

export interface NewDatabase {
  /** Made up, unless it is said. */
  readonly name?: string;
  /** The database that it begins as a copy of; without it, it begins empty. */
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
    // Copying files is three times as fast as writing the copy to the WAL; before 15 it is the only way.
    const strategy = (rows[0]?.version ?? 0) >= 150_000 ? 'STRATEGY FILE_COPY' : '';
    await session.query(`CREATE DATABASE ${name} TEMPLATE ${template} ${strategy}`);
  });
  return database(serverUrl, name);
}

/** The database of that name, if the server has one. */
export async function findDatabase(serverUrl: string, name: string): Promise<Database | undefined> {
  const found = await execute(serverUrl, 'SELECT FROM pg_database WHERE datname = $1', [name]);
  return found.length === 0 ? undefined : database(serverUrl, name);
}

/** Creates a database with the application's base schema, and its rows if wanted, to copy others from. */
export async function makeTemplate(serverUrl: string, { rows = false } = {}): Promise<Database> {
  const template = await makeDatabase(serverUrl);
  await template.query(fixture('base-schema.sql') + (rows ? fixture('base-rows.sql') : ''));
  // A template with a session in it cannot be copied.
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
  // When it is cut off, its query fails, which is enough.
  session.on('error', () => undefined);
  await session.connect();
  return session;
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
