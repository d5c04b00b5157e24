import { inject, onTestFinished } from 'vitest';
import { fixture, makeDatabase, type Database } from './database.js';

export interface DatabaseOptions {
  /** With the application's base schema (the default), or empty. */
  readonly base?: boolean;
  /** With the rows of `base-rows.sql`. */
  readonly rows?: boolean;
}

/** A new database on the server of this test run. The caller drops it. */
export async function createDatabase({ base = true, rows = false }: DatabaseOptions = {}): Promise<Database> {
  const { url, template } = inject('server');
  const database = await makeDatabase(url, { template: base ? template : undefined });
  if (rows) await database.query(fixture('base-rows.sql'));
  return database;
}

/** The same, dropped when the test that asks for it has finished. */
export async function testDatabase(options?: DatabaseOptions): Promise<Database> {
  const creating = createDatabase(options);
  // Registered before anything is awaited: later, in concurrent tests, vitest may take it for another test's.
  onTestFinished(() => creating.then((database) => database.drop()));
  return creating;
}
