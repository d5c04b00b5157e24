import { expect, inject, test } from 'vitest';
import { makeDatabase } from '../support/database.js';
import { allCases, definitions } from './cases.js';
import { differencesIn, isAlone, migrationOf, withMigrated } from './changes.js';
import { restore } from './restore.js';

test('finds no difference in a copy that pg_dump and psql made', async () => {
  // A restore needs what a copy cannot have twice, such as roles: none of these cases makes any.
  const cases = [...definitions(), ...allCases().filter((one) => !isAlone(one))];
  await withMigrated(migrationOf(cases), async (database, root) => {
    const copy = await makeDatabase(inject('server').url);
    try {
      await restore(database.url, copy);
      expect(await differencesIn(copy, root)).toEqual([]);
    } finally {
      await copy.drop();
    }
  });
});
