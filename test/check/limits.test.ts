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
  const [, section = ''] = textOf('README.md').split('\n## What the check does not see\n');
  const list = section.split('\n## ')[0] ?? '';
  const listed = [...list.matchAll(/^- (.*?)[;.]$/gm)].map(([, words]) => words);
  expect(listed).toEqual(groups);
});
