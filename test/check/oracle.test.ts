import { afterAll, describe, expect, test } from 'vitest';
import { allCases } from './cases/all.js';
import { differencesIn, isKnownHere, Stage } from './alarm.js';

const stage = new Stage();
afterAll(() => stage.close());

const dumps = new Map<string, Promise<string>>();
const without = ['pgmigrations'];
const dumpOf = (make: string): Promise<string> => {
  const known = dumps.get(make) ?? stage.of(make).then(({ database }) => database.dump({ without }));
  dumps.set(make, known);
  return known;
};

/** pg_dump takes its time: without `ORACLE=all`, which is for whoever changes the check, it is asked about each fifth case. */
const isAsked = (_: unknown, index: number): boolean => process.env['ORACLE'] === 'all' || index % 5 === 0;

/**
 * pg_dump knows nothing of this project's reading of the catalog. Where it sees a difference the check has to see one;
 * where they disagree the case says why.
 */
for (const [kind, cases] of Object.entries(allCases))
  describe.concurrent(`pg_dump says the same of ${kind}`, () => {
    test.for(cases.filter(isKnownHere).filter(isAsked))('$name', async ({ make, spoil, unlikeDump }) => {
      const before = await dumpOf(make);
      await stage.withCopy(make, async (copy, root) => {
        await copy.query(spoil);
        const [after, differences] = await Promise.all([copy.dump({ without }), differencesIn(copy, root)]);
        expect(unlikeDump ?? (differences.length > 0 ? 'different' : 'the same')).toBe(
          unlikeDump === undefined
            ? after === before
              ? 'the same'
              : 'different'
            : after === before
              ? unlikeDump
              : 'different',
        );
      });
    });
  });
