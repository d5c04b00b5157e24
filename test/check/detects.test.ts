import { describe, expect, test } from 'vitest';
import { byName } from '../support/blocks.ts';
import { testAll } from '../support/test-all.ts';
import { kinds, readCases, serverMajor } from './cases.ts';
import { differencesIn, outcomesOf, withMigrated } from './changes.ts';
import { namedObjects } from './samples.ts';

/**
 * For every third kind of object (all with TEST_ALL=1), pg_dump must find a difference, too, unless the case
 * says why it cannot. pg_dump reads the catalog with queries of its own.
 */
describe.for(kinds)('detects changes of %s', (kind) => {
  const cases = readCases(`cases/${kind}.txt`);
  const usesDump = testAll || kinds.indexOf(kind) % 3 === 0;
  const outcomes = outcomesOf(cases, usesDump);
  outcomes.catch(() => undefined);

  test.for(byName(cases))('%s', async ([, one]) => {
    const outcome = (await outcomes).get(one);
    expect(sorted(outcome?.differences)).toEqual(sorted(one.differences));
    if (usesDump) expect(outcome?.dumpIsEqual).toBe(one.whyDumpIsEqual !== undefined);
  });

  test('all cases have different names', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});

/** Sorts lines. Before version 16, PostgreSQL prints `t.` or `u.` before column names: removes that. */
function sorted(lines: readonly string[] = []): string[] {
  if (serverMajor() >= 16) return lines.toSorted();
  return lines.map((text) => text.replaceAll(/(?<![.\w])[tu]\.(?=\w)/g, '')).toSorted();
}

test('the check detects a missing object, however unusual its name is', async () => {
  await withMigrated(namedObjects.make, async (database, root) => {
    const sql = `SELECT quote_ident(relname) AS name FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'pgmigrations'`;
    const quoted = await database.query<{ name: string }>(sql);
    expect(quoted.length).toBe(namedObjects.count);
    await database.query(namedObjects.change);
    const found = await differencesIn(database, root);
    const objects = found.map((text) => text.split(' | ')[0]);
    const expected = quoted.flatMap(({ name }) => [
      `- function public.${name}()`,
      ...['column', 'constraint', 'trigger', 'policy'].map(
        (part) => `- ${part} public.${name}.${name}`,
      ),
    ]);
    expect(objects.toSorted()).toEqual(expected.toSorted());
  });
});
