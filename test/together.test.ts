import { describe, expect, test } from 'vitest';
import { compare } from '../scripts/schema/compare.js';
import { contradiction, effectBetween, expectation } from '../scripts/schema/effects.js';
import { contradictions, togetherCases } from './alarm/together.js';

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

test('what is gone is null in an effect, object by object', () => {
  const column = { type: 'integer', null: true };
  const before = {
    tables: { 'public.a': { kind: 'table', rowSecurity: 'enabled', columns: { a: column, b: column } } },
    types: { 'public.x': `enum ('a')` },
  };
  const after = { tables: { 'public.a': { kind: 'table', columns: { a: { ...column, null: false } } } } };
  expect(effectBetween(before, after)).toEqual({
    tables: { 'public.a': { rowSecurity: null, columns: { a: { null: false }, b: null } } },
    types: { 'public.x': null },
  });
  expect(effectBetween(after, after)).toEqual({});
  expect(effectBetween(after, {})).toEqual({ tables: { 'public.a': null } });
});
