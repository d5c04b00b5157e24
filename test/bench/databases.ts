/** Starts the server of the benchmark, and creates databases on it. */
import { startEmbedded } from '../support/embedded.ts';
import { makeDatabase, makeTemplate, type Database } from '../support/database.ts';

export interface Server {
  readonly url: string;
  readonly version: string;
  /** Creates a database: with the application's base schema, empty, or as a copy of another database. */
  readonly database: (from: 'base' | 'empty' | Database) => Promise<Database>;
  readonly stop: () => Promise<void>;
}

/** The server does not wait for the disk: the benchmark compares programs, not disks. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
};

/** Starts a PostgreSQL 18 server for the benchmark alone. */
export async function startServer(): Promise<Server> {
  const { url, stop } = await startEmbedded({
    major: 18,
    settings: { ...settings, max_locks_per_transaction: '1024' },
  });
  const template = await makeTemplate(url);
  return {
    url,
    version: await versionOf(url),
    database: (from) => {
      if (from === 'empty') return makeDatabase(url);
      const { name } = from === 'base' ? template : from;
      return makeDatabase(url, { template: name });
    },
    stop,
  };
}

async function versionOf(url: string): Promise<string> {
  const database = await makeDatabase(url);
  const [row] = await database.query<{ server_version: string }>('SHOW server_version');
  await database.drop();
  return row?.server_version ?? '';
}

/** Adds tables that no migration names, 500 in each transaction, and then runs ANALYZE. */
export async function addOtherTables(database: Database, count: number): Promise<void> {
  await database.query(`DO $$ BEGIN
    FOR i IN 1..${count} LOOP
      EXECUTE format('CREATE TABLE other_%s (
        id bigint PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now())', i);
      IF i % 500 = 0 THEN COMMIT; END IF;
    END LOOP;
  END $$`);
  await database.query('ANALYZE');
}
