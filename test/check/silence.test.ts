import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { strangeNames } from './cases/names.js';
import { elsewhere, sensitive, settings } from './cases/quiet.js';
import { differencesIn, Stage } from './alarm.js';
import { call } from '../support/call.js';
import { makeDatabase, type Database } from '../support/database.js';
import { root } from '../support/root.js';
import { createDatabase } from '../support/test-database.js';

let head: Database;
const stage = new Stage();
beforeAll(async () => {
  head = await createDatabase();
  expect(await call(['up', '--strict'], { url: head.url })).toMatchObject({ code: 0, stderr: '' });
});
afterAll(() => Promise.all([head.drop(), stage.close()]));

describe.concurrent('the check stays silent', () => {
  test.for(Object.entries(elsewhere))('about %s', async ([, sql]) => {
    const copy = await makeDatabase(inject('server').url, { template: head.name });
    try {
      await copy.query(sql);
      const found = await differencesIn(copy, root);
      expect(found).toEqual([]);
    } finally {
      await copy.drop();
    }
  });

  test.for(settings)('whatever the session says: %s', async (setting) => {
    await stage.withCopy(sensitive, async (copy, project) => {
      await copy.query(`ALTER DATABASE ${copy.name} SET ${setting}`);
      expect(await differencesIn(copy, project)).toEqual([]);
    });
  });

  test('with all these names', async () => {
    const names = strangeNames.map((name) => `"${name.replaceAll('"', '""')}"`);
    const make = names
      .map(
        (name, i) =>
          `CREATE TABLE ${name} (${names.join(' integer, ')} integer); CREATE INDEX "i${i} ${i}.x" ON ${name} (${name})`,
      )
      .join('; ');
    await stage.withCopy(make, async (copy, project) => {
      await copy.query('SELECT 1');
      expect(await differencesIn(copy, project)).toEqual([]);
    });
  });
});
