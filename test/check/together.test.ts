import { describe, expect, test } from 'vitest';
import { compare } from '../../scripts/report/types.js';
import { contradiction, effectBetween, expectation } from '../../scripts/schema/effects.js';
import { betweens, contradictions, togetherCases } from './cases/together.js';

describe('several effects together', () => {
  test.each(togetherCases)('$name', ({ prerequisites = {}, effects, reverted, live, failing = [], warnings = [] }) => {
    expect(compare(expectation(prerequisites, effects, reverted), live)).toEqual({ failing, warnings });
  });

  test('strict, a warning fails', () => {
    for (const { prerequisites = {}, effects, reverted, live, failing = [], warnings = [] } of togetherCases)
      expect(compare(expectation(prerequisites, effects, reverted), live, true)).toEqual({
        failing: expect.arrayContaining([...failing, ...warnings]) as unknown,
        warnings: [],
      });
  });
});

describe('effects that contradict each other', () => {
  test.each(contradictions)('$name', ({ prerequisites = {}, effects, says }) => {
    expect(contradiction(prerequisites, effects)).toEqual(says);
  });
});

describe('the effect between two schemas', () => {
  test.each(betweens)('$name', ({ before, after, effect }) => {
    expect(effectBetween(before, after)).toEqual(effect);
  });
});
