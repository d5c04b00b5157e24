import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/root.ts';
import { byName, readCases } from './cases.ts';
import { outcomesOf } from './changes.ts';

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

test('the README lists exactly the groups of limits.txt as what the check does not see', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const section = /^## What the check does not see\n\n([^]*?)(?=\n## |$(?![^]))/m.exec(readme)?.[1];
  const listed = [...(section ?? '').matchAll(/^- (.*?)[;.]$/gm)].map(([, words]) => words);
  expect(listed).toEqual(groups);
});
