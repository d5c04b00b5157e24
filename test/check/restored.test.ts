import { expect, test } from 'vitest';
import { testDatabase } from '../support/test-database.ts';
import { allCases, definitions } from './cases.ts';
import { differencesIn, needsOwnDatabase, migrationOf, withMigrated } from './changes.ts';
import { restore } from './restore.ts';

test('the check finds no difference in a copy that pg_dump and psql made', async () => {
  // Cases that need a database of their own cannot be part of this one.
  const cases = [...definitions(), ...allCases().filter((one) => !needsOwnDatabase(one))];
  await withMigrated(migrationOf(cases), async (database, root) => {
    const copy = await testDatabase({ base: false });
    await restore(database.url, copy);
    expect(await differencesIn(copy, root)).toEqual([]);
  });
});
