import { afterAll, describe, expect, test } from 'vitest';
import { allCases } from './cases/all.js';
import { differencesIn, isKnownHere, Stage } from './alarm.js';

const stage = new Stage();
afterAll(() => stage.close());

for (const [kind, cases] of Object.entries(allCases))
  describe.concurrent(`the alarm rings: ${kind}`, () => {
    test.for(cases.filter(isKnownHere))('$name', async ({ make, spoil, differences }) => {
      await stage.withCopy(make, async (copy, root) => {
        await copy.query(spoil);
        expect(await differencesIn(copy, root)).toEqual(differences);
      });
    });
  });

test('no two cases of a kind have the same name', () => {
  for (const cases of Object.values(allCases))
    expect(cases.map(({ name }) => name)).toEqual([...new Set(cases.map(({ name }) => name))]);
});
