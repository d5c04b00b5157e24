import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { workflowCases } from './cases/workflow.js';
import { differencesIn } from './alarm.js';
import { call } from '../support/call.js';
import { makeDatabase, type Database } from '../support/database.js';
import { root } from '../support/root.js';
import { createDatabase } from '../support/test-database.js';

let head: Database;
beforeAll(async () => {
  head = await createDatabase();
  expect(await call(['up', '--strict'], { url: head.url })).toMatchObject({ code: 0, stderr: '' });
});
afterAll(() => head.drop());

describe.concurrent('the alarm rings for the schema of the five migrations', () => {
  test.for(workflowCases)('$name', async ({ spoil, differences }) => {
    const copy = await makeDatabase(inject('server').url, { template: head.name });
    try {
      await copy.query(spoil);
      expect(await differencesIn(copy, root)).toEqual(differences);
    } finally {
      await copy.drop();
    }
  });
});
