import { expect, test } from 'vitest';
import { compare } from '../../scripts/schema/compare.ts';
import { effectBetween, effectLines, expectedAt, merge } from '../../scripts/schema/effects.ts';
import { byName } from '../support/blocks.ts';
import { line } from './cases.ts';
import { answersTo, comparisons, effectsBetween, linesOf } from './comparisons.ts';

test.for(byName(comparisons))('compare: %s', async ([, given]) => {
  const { failing, warnings } = given;
  const [found, strict] = await answersTo({ compare, expectedAt, merge }, given);
  expect(found.failing.map(line)).toEqual(failing);
  expect(found.warnings.map(line)).toEqual(warnings);
  expect(strict.failing.map(line).toSorted()).toEqual([...failing, ...warnings].toSorted());
  expect(strict.warnings).toEqual([]);
});

test.for(byName(effectsBetween))('effectBetween: %s', ([, { before, after, effect }]) => {
  expect(effectBetween(merge(before), merge(after))).toEqual(effect);
});

test.for(byName(linesOf))('effectLines: %s', ([, { before, after, lines }]) => {
  const found = effectLines(merge(before), merge(after));
  expect(found).toEqual(lines.map((text) => `  ${text}`));
});
