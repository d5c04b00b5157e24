import type { Effect } from '../../scripts/schema/effects.ts';
import { readBlocks } from '../support/blocks.ts';

type Schema = Pick<typeof import('../../scripts/schema/compare.ts'), 'compare'> &
  Pick<typeof import('../../scripts/schema/effects.ts'), 'expectedAt' | 'merge'>;

const keys = ['prerequisites', 'effect', 'pending', 'reverted', 'live', 'finds', 'warns'] as const;

/** Effects, a live schema (as the effect that creates it), and the differences from the expected schema. */
export const comparisons = readBlocks('check/comparisons.txt', keys).map(
  ({ name, of, effect, effects }) => ({
    name,
    prerequisites: effect('prerequisites'),
    applied: effects('effect'),
    pending: effects('pending'),
    reverted: effects('reverted'),
    live: effects('live'),
    failing: of('finds'),
    warnings: of('warns'),
  }),
);

/** Compares the schemas of a case. Returns the results without and with `--strict`. */
export async function resultsOf(
  { compare, expectedAt, merge }: Schema,
  { prerequisites, applied, pending, reverted, live }: (typeof comparisons)[number],
) {
  const effects = [...applied, ...reverted, ...pending];
  const expected = expectedAt({ prerequisites, effects }, applied.length, reverted.length);
  const found = merge(live);
  return [await compare(expected, found), await compare(expected, found, true)] as const;
}

/** Two schemas, as effects that create them, and the effect that changes the first into the second. */
export const effectCases = readBlocks('check/effects.txt', ['before', 'after', 'effect']).map(
  ({ name, effect, effects }) => ({
    name,
    before: effects('before'),
    after: effects('after'),
    effect: effect('effect'),
  }),
);

/** The schema before the migrations of effect-lines.txt. */
const schemaBefore: Effect = {
  'public.a': { table: '', 'column id': 'integer NULL', 'column b': 'text NULL' },
  'type public.x': "AS ENUM ('a')",
};

/** Two schemas, and the lines by which `plan` describes the change from one to the other. */
export const effectLineCases = readBlocks('check/effect-lines.txt', ['up', 'down', 'says']).map(
  ({ name, of, effects }) => {
    const before = [schemaBefore, ...effects('down')];
    const after = [schemaBefore, ...effects('up')];
    return { name, before, after, lines: of('says') };
  },
);
