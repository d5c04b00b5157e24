import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import { root } from '../support/root.js';
import { byName, readCases } from './cases.js';
import { outcomesOf, withMigrated } from './changes.js';

const cases = readCases('limits.txt');
const groups = [...new Set(cases.map(({ group }) => group))];

describe.for(groups)('does not see %s', (group) => {
  const own = cases.filter((one) => one.group === group);
  const outcomes = outcomesOf(own);
  outcomes.catch(() => undefined);

  test.for(byName(own))('%s', async ([, one]) => {
    expect((await outcomes).get(one)?.differences).toEqual([]);
  });
});

test('the README lists what the check does not see, all of it and no more', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const section = /^## What the check does not see\n\n([^]*?)(?=\n## |$(?![^]))/m.exec(readme)?.[1];
  const listed = [...(section ?? '').matchAll(/^- (.*?)[;.]$/gm)].map(([, words]) => words);
  expect(listed).toEqual(groups);
});

test('without --strict, what is unexpected on an owned table is a warning', async () => {
  await withMigrated('CREATE TABLE t (a integer)', async ({ url, query }, project) => {
    await query('CREATE INDEX mine ON t (a)');
    const { code, stdout } = await call(['check'], { url, root: project });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('unexpected index public.mine') as string,
    });
  });
});
