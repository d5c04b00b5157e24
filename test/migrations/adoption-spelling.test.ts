import { expect, test } from 'vitest';
import { expectAdopted, fill } from './adoption.js';
import { differently } from './legacy-spelling.js';
import { testDatabase } from '../support/test-database.js';

/** The legacy files' facts, told in other words: each comes out right, with its rows. */
test.each(Object.entries(differently))('%s', async (_, { sql, extra }) => {
  const database = await testDatabase({ rows: true });
  await database.query(sql);
  await fill(database);
  const { differences } = await expectAdopted(database, { strict: extra === undefined });
  expect(differences.map(({ object }) => object).sort()).toEqual(extra ?? []);
});
