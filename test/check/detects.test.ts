import { describe, expect, test } from 'vitest';
import { byName } from '../support/blocks.ts';
import { testAll } from '../support/test-all.ts';
import { kinds, major, readCases } from './cases.ts';
import { outcomesOf } from './changes.ts';

/**
 * For every third kind of object (all with TEST_ALL=1), pg_dump must also find a difference where the check
 * finds one. pg_dump reads the catalog with queries of its own.
 */
describe.for(kinds)('detects changes of %s', (kind) => {
  const cases = readCases(`cases/${kind}.txt`);
  const asksDump = testAll || kinds.indexOf(kind) % 3 === 0;
  const outcomes = outcomesOf(cases, asksDump);
  outcomes.catch(() => undefined);

  test.for(byName(cases))('%s', async ([, one]) => {
    const outcome = (await outcomes).get(one);
    expect(sorted(outcome?.differences)).toEqual(sorted(one.differences));
    if (asksDump) expect(outcome?.dumpIsEqual).toBe(one.whyDumpIsEqual !== undefined);
  });

  test('all cases have different names', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});

/** Removes `t.` and `u.` before column names: before version 16, PostgreSQL prints them in definitions. */
const sorted = (lines: readonly string[] = []): string[] =>
  lines
    .map((text) => (major() < 16 ? text.replaceAll(/(?<![.\w])[tu]\.(?=\w)/g, '') : text))
    .toSorted();
