import { describe, expect, inject, test } from 'vitest';
import { makeDatabase } from '../support/database.js';
import { allCases, definitions, type Case } from './cases.js';
import { differencesIn, isAlone, migrationOf, withMigrated } from './changes.js';
import { restore } from './restore.js';

/** A restore needs what a copy cannot have twice, such as roles: none of these cases makes any. */
async function differencesAfterRestore(cases: readonly Case[]): Promise<string[]> {
  return await withMigrated(migrationOf(cases), async (database, root) => {
    const copy = await makeDatabase(inject('server').url);
    try {
      await restore(database.url, copy);
      return await differencesIn(copy, root);
    } finally {
      await copy.drop();
    }
  });
}

describe.concurrent('finds no difference in a copy that pg_dump and psql made', () => {
  test('of definitions that PostgreSQL prints in other words then', async () => {
    expect(await differencesAfterRestore(definitions())).toEqual([]);
  });

  test('of all kinds of objects', async () => {
    const cases = allCases().filter((one) => !isAlone(one));
    expect(await differencesAfterRestore(cases)).toEqual([]);
  });
});
