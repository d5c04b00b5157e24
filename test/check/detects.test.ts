import { describe, expect, test } from 'vitest';
import { testAll } from '../support/everything.ts';
import { byName, kinds, major, readCases } from './cases.ts';
import { outcomesOf } from './changes.ts';

/**
 * What the check detects, by kind of object. pg_dump is a second opinion, since it does not use this project's catalog
 * query: where the check finds a difference, pg_dump must find one, too.
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

/** Before PostgreSQL 16, views are printed with the name of the relation before each column. */
const sorted = (lines: readonly string[] = []): string[] =>
  lines
    .map((text) => (major() < 16 ? text.replaceAll(/(?<![.\w])[tu]\.(?=\w)/g, '') : text))
    .toSorted();
