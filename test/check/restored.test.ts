import { afterAll, describe, expect, inject, test } from 'vitest';
import { definitions } from './cases/restored.js';
import { differencesIn, isKnownHere, Stage } from './alarm.js';
import { makeDatabase } from '../support/database.js';
import { restore } from './restore.js';

const stage = new Stage();
afterAll(() => stage.close());

describe.concurrent('a database that was dumped and restored is what it was', () => {
  test.for(definitions.filter(isKnownHere))('$name', async ({ make }) => {
    const { root, database } = await stage.of(make);
    const copy = await makeDatabase(inject('server').url);
    try {
      await restore(database.url, copy);
      expect(await differencesIn(copy, root)).toEqual([]);
    } finally {
      await copy.drop();
    }
  });
});
