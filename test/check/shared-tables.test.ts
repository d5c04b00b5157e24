import { describe, expect, test } from 'vitest';
import { compare } from '../../scripts/schema/compare.js';
import { effectLines } from '../../scripts/schema/effect-lines.js';
import { effectBetween, expectation, merge } from '../../scripts/schema/effects.js';
import { line } from './cases.js';
import { comparisons, effectsBetween, linesOf, two } from './comparisons.js';

describe('compares', () => {
  test.for(comparisons)('$name', async (given) => {
    const { prerequisites = {}, effects: applied = [], pending = [], reverted = [] } = given;
    const expected = expectation(
      prerequisites,
      { applied, pending: [...reverted, ...pending] },
      reverted,
    );
    const live = merge([given.live]);
    const { failing = [], warnings = [] } = given;
    const found = await compare(expected, live);
    expect(found.failing.map(line)).toEqual(failing);
    expect(found.warnings.map(line)).toEqual(warnings);

    const strictly = await compare(expected, live, true);
    expect(strictly.failing.map(line).toSorted()).toEqual([...failing, ...warnings].toSorted());
    expect(strictly.warnings).toEqual([]);
  });
});

test.for(effectsBetween)('the effect between two schemas: %s', ([, before, after, effect]) => {
  expect(effectBetween(merge([before]), merge([after]))).toEqual(effect);
});

test.for(linesOf)('the lines of an effect, %s: %j', ([direction, effect, ...lines]) => {
  expect(effectLines(merge([two]), effect, direction)).toEqual(lines.map((text) => `  ${text}`));
});
