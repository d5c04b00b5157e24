import { fill } from './adoption.js';
import type { Database } from '../support/database.js';
import { legacyFiles, runLegacy } from './legacy.js';
import { testDatabase } from '../support/test-database.js';

/** A database in which the legacy files were run, with rows in every table; then changed by hand. */
export async function legacyDatabase(change = ''): Promise<Database> {
  const database = await testDatabase({ rows: true });
  await runLegacy(database, legacyFiles);
  await fill(database);
  await database.query(change);
  return database;
}
