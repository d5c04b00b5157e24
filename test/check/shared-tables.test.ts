import { expect, test } from 'vitest';
import { compare } from '../../scripts/schema/compare.js';
import { effectLines } from '../../scripts/schema/effect-lines.js';
import { effectBetween, expectation, merge } from '../../scripts/schema/effects.js';
import { line } from './cases.js';
import { answersTo, comparisons } from './comparisons.js';
import { effectsBetween, linesOf, two } from './effect-cases.js';

test.for(comparisons)('compares: $name', async (given) => {
  const { failing = [], warnings = [] } = given;
  const [found, strictly] = await answersTo({ compare, expectation, merge }, given);
  expect(found.failing.map(line)).toEqual(failing);
  expect(found.warnings.map(line)).toEqual(warnings);
  expect(strictly.failing.map(line).toSorted()).toEqual([...failing, ...warnings].toSorted());
  expect(strictly.warnings).toEqual([]);
});

test.for(effectsBetween)('the effect between two schemas: %s', ([, before, after, effect]) => {
  expect(effectBetween(merge([before]), merge([after]))).toEqual(effect);
});

test.for(linesOf)('the lines of an effect, %s: %j', ([direction, effect, ...lines]) => {
  expect(effectLines(merge([two]), effect, direction)).toEqual(lines.map((text) => `  ${text}`));
});
