import { expect, inject, test } from 'vitest';
import { makeDatabase } from '../support/database.ts';
import { allCases, definitions } from './cases.ts';
import { differencesIn, isAlone, migrationOf, withMigrated } from './changes.ts';
import { restore } from './restore.ts';

test('the check finds no difference in a copy that pg_dump and psql made', async () => {
  // Cases that need a database of their own cannot be part of this one.
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
