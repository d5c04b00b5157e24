import type { Effect } from '../../scripts/schema/effects.ts';
import { readBlocks } from './cases.ts';

type Schema = Pick<typeof import('../../scripts/schema/compare.ts'), 'compare'> &
  Pick<typeof import('../../scripts/schema/effects.ts'), 'expectation' | 'merge'>;

/** Effects, the live schema (as an effect that makes it), and the differences that the comparison finds or warns of. */
export const comparisons = readBlocks('comparisons.txt').map(({ name, of, effects }) => ({
  name,
  prerequisites: effects('prerequisites')[0] ?? {},
  applied: effects('effect'),
  pending: effects('pending'),
  reverted: effects('reverted'),
  live: effects('live'),
  failing: of('finds'),
  warnings: of('warns'),
}));

/** What the comparison says, without and with `--strict`. */
export async function answersTo(
  { compare, expectation, merge }: Schema,
  { prerequisites, applied, pending, reverted, live }: (typeof comparisons)[number],
) {
  const expected = expectation(prerequisites, applied, [...reverted, ...pending], reverted);
  const found = merge(live);
  return [await compare(expected, found), await compare(expected, found, true)] as const;
}

/** Two schemas, as effects that make them, and the effect that leads from one to the other. */
export const effectsBetween = readBlocks('effects.txt').map(({ name, effects }) => ({
  name,
  before: effects('before'),
  after: effects('after'),
  effect: effects('effect')[0],
}));

/** The schema without the migrations of effect-lines.txt. */
const without: Effect = {
  'public.a': { table: '', 'column id': 'integer NULL', 'column b': 'text NULL' },
  'type public.x': "AS ENUM ('a')",
};

/** What the effect of a migration changes in a schema, and how `plan` puts that. */
export const linesOf = readBlocks('effect-lines.txt').map(({ name, of, effects }) => {
  const [before, after] = [
    [without, ...effects('down')],
    [without, ...effects('up')],
  ];
  return { name, before, after, lines: of('says') };
});
