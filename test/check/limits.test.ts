import { describe, expect, test } from 'vitest';
import { byName } from '../support/blocks.ts';
import { textOf } from '../support/root.ts';
import { readCases } from './cases.ts';
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
  const section = /^## What the check does not see\n\n([^]*?)(?=\n## |$(?![^]))/m.exec(
    textOf('README.md'),
  )?.[1];
  const listed = [...(section ?? '').matchAll(/^- (.*?)[;.]$/gm)].map(([, words]) => words);
  expect(listed).toEqual(groups);
});
