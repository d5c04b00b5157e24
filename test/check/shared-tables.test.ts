import { expect, test } from 'vitest';
import { compare } from '../../scripts/schema/compare.ts';
import { effectBetween, effectLines, expectedAt, merge } from '../../scripts/schema/effects.ts';
import { meansOneOf } from '../../scripts/schema/normalize.ts';
import { byName } from '../support/blocks.ts';
import { lineOf } from './cases.ts';
import { comparisons, effectCases, effectLineCases, resultsOf } from './comparisons.ts';

test.for(byName(comparisons))('compare: %s', async ([, given]) => {
  const { failing, warnings } = given;
  const [found, strict] = await resultsOf({ compare, expectedAt, merge }, given);
  expect(found.failing.map(lineOf)).toEqual(failing);
  expect(found.warnings.map(lineOf)).toEqual(warnings);
  expect(strict.failing.map(lineOf).toSorted()).toEqual([...failing, ...warnings].toSorted());
  expect(strict.warnings).toEqual([]);
});

test.for(byName(effectCases))('effectBetween: %s', ([, { before, after, effect }]) => {
  expect(effectBetween(merge(before), merge(after))).toEqual(effect);
});

test.for(byName(effectLineCases))('effectLines: %s', ([, { before, after, lines }]) => {
  const found = effectLines(merge(before), merge(after));
  expect(found).toEqual(lines.map((text) => `  ${text}`));
});

test('very many blanks in the body of a function do not stop the comparison', async () => {
  const made = (blanks: string) => `CREATE OR REPLACE FUNCTION public.f()
 RETURNS integer
 LANGUAGE sql
AS $function$SELECT${blanks}1$function$`;
  expect(await meansOneOf('', made(' '.repeat(200_000)), [made(' ')])).toBe(false);
});
