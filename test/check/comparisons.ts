import type { Effect } from '../../scripts/schema/effects.js';

/** Effects, the live schema (as an effect that makes it), and what the comparison says. */
export interface Comparison {
  readonly name: string;
  readonly prerequisites?: Effect;
  readonly effects?: readonly Effect[];
  readonly pending?: readonly Effect[];
  readonly reverted?: readonly Effect[];
  readonly live: Effect;
  readonly failing?: readonly string[];
  readonly warnings?: readonly string[];
}

type Schema = Pick<typeof import('../../scripts/schema/compare.js'), 'compare'> &
  Pick<typeof import('../../scripts/schema/effects.js'), 'expectation' | 'merge'>;

/** What the comparison says, without and with `--strict`. */
export async function answersTo({ compare, expectation, merge }: Schema, given: Comparison) {
  const { prerequisites = {}, effects: applied = [], pending = [], reverted = [] } = given;
  const expected = expectation(prerequisites, applied, [...reverted, ...pending], reverted);
  const live = merge([given.live]);
  return [await compare(expected, live), await compare(expected, live, true)] as const;
}

export const part = (parts: Readonly<Record<string, string | null>>): Effect => ({
  'public.a': parts,
});
export const made = { table: '', 'column id': 'integer NULL' };
const extra = { 'index mine': 'USING btree (id)' };
const mine = '+ index public.mine | USING btree (id)';
export const removed: Effect = { 'public.a': null };
const trigger =
  'CREATE OR REPLACE FUNCTION public.f()\n RETURNS trigger\n LANGUAGE plpgsql\nAS $$BEGIN END$$';
export const plain =
  'CREATE OR REPLACE FUNCTION public.g()\n RETURNS integer\n LANGUAGE sql\nAS $$SELECT 1$$';

export const comparisons: readonly Comparison[] = [
  {
    name: 'a table that was created and dropped is still there: one difference',
    effects: [part(made), removed],
    live: part({ ...made, ...extra }),
    failing: ['+ table public.a | table'],
  },
  {
    name: 'a column that was added and dropped is still there; the table stays owned',
    effects: [part(made), part({ 'column id': null })],
    live: part({ ...made, ...extra }),
    failing: ['+ column public.a.id | integer NULL'],
    warnings: [mine],
  },
  {
    name: 'an owned table that a later effect changes stays owned',
    effects: [part(made), part({ 'row security': 'ENABLE ROW LEVEL SECURITY' })],
    live: part({ ...made, ...extra, 'row security': 'ENABLE ROW LEVEL SECURITY' }),
    warnings: [mine],
  },
  {
    name: 'a shared table stays shared when an effect changes a part of it',
    prerequisites: part({ table: '' }),
    effects: [part({ 'row security': 'ENABLE ROW LEVEL SECURITY' })],
    live: part({ ...made, ...extra }),
    failing: ['- row security public.a | ENABLE ROW LEVEL SECURITY'],
  },
  {
    name: 'of a table that no effect creates, only the named parts are compared',
    effects: [part({ 'column id': 'integer NULL' })],
    live: part({ ...made, ...extra, 'column other': 'text NULL' }),
  },
  {
    name: 'two more things on an owned table are two warnings',
    effects: [part(made)],
    live: part({ ...made, ...extra, 'index other': 'USING hash (id)' }),
    warnings: [mine, '+ index public.other | USING hash (id)'],
  },
  {
    name: 'a table that was dropped and created again is missing',
    effects: [part(made), removed, part(made)],
    live: {},
    failing: ['- table public.a | table'],
  },
  {
    name: 'a table that was created again in another shape keeps nothing of the first',
    effects: [part(made), removed, part({ table: '' })],
    live: part({ table: '' }),
  },
  {
    name: 'a column of a shared table may have more than is expected',
    prerequisites: part({ 'column id': 'integer NOT NULL' }),
    effects: [part({ 'column id': 'integer NULL' })],
    live: part({ table: '', 'column id': 'integer NULL DEFAULT 1' }),
  },
  {
    name: 'but only from a word on',
    prerequisites: part({ 'column id': 'character varying(2) NULL' }),
    live: part({ table: '', 'column id': 'character varying(2) NULLIFIED' }),
    failing: ['~ column public.a.id | character varying(2) NULL → character varying(2) NULLIFIED'],
  },
  {
    name: 'and a column of an owned table may not',
    effects: [part(made)],
    live: part({ table: '', 'column id': 'integer NULL DEFAULT 1' }),
    failing: ['~ column public.a.id | integer NULL → integer NULL DEFAULT 1'],
  },
  {
    name: 'a constraint of the prerequisites may have any name',
    prerequisites: part({ 'constraint a_pkey': 'PRIMARY KEY (id)' }),
    live: part({ ...made, 'constraint other': 'PRIMARY KEY (id)' }),
  },
  {
    name: 'even if another one has its name',
    prerequisites: part({ 'constraint a_pkey': 'PRIMARY KEY (id)' }),
    live: part({
      ...made,
      'constraint a_pkey': 'CHECK (true)',
      'constraint b': 'PRIMARY KEY (id)',
    }),
  },
  {
    name: 'and a constraint of an effect has its name',
    effects: [part({ 'constraint a_pkey': 'PRIMARY KEY (id)' })],
    live: part({ ...made, 'constraint other': 'PRIMARY KEY (id)' }),
    failing: ['- constraint public.a.a_pkey | PRIMARY KEY (id)'],
  },
  {
    name: 'a prerequisite is not compared once an effect changes it, applied or pending',
    prerequisites: part({ 'column id': 'integer NOT NULL', 'column b': 'text NULL' }),
    effects: [part({ 'column id': 'bigint NULL' })],
    pending: [part({ 'column b': null })],
    live: part({ table: '', 'column id': 'bigint NULL' }),
  },
  {
    name: 'a shared table that an effect drops is still there',
    prerequisites: part(made),
    effects: [removed],
    live: part({ ...made, ...extra }),
    failing: ['+ table public.a | table'],
  },
  {
    name: 'a shared table that a pending effect drops is gone already',
    prerequisites: part(made),
    pending: [removed],
    live: {},
  },
  {
    name: 'a table that a reverted effect created is still there',
    reverted: [part(made)],
    live: part(made),
    failing: ['+ table public.a | table'],
  },
  {
    name: 'a part that a reverted effect added to a shared table is still there',
    reverted: [part(extra)],
    live: part({ ...made, ...extra }),
    failing: [mine],
  },
  {
    name: 'a part that a reverted effect changed is not as it was before',
    effects: [part(made)],
    reverted: [part({ 'column id': 'integer NOT NULL' })],
    live: part({ table: '', 'column id': 'integer NOT NULL' }),
    failing: ['~ column public.a.id | integer NULL → integer NOT NULL'],
  },
  {
    name: 'a trigger function may stay after a down, another function not',
    reverted: [{ 'function public.f()': trigger, 'function public.g()': plain }],
    live: { 'function public.f()': trigger, 'function public.g()': plain },
    failing: [`+ function public.g() | ${plain}`],
  },
  {
    name: 'so may one whose name needs quotes',
    reverted: [{ 'function public."F f"()': trigger.replace('public.f', 'public."F f"') }],
    live: { 'function public."F f"()': trigger.replace('public.f', 'public."F f"') },
  },
  {
    name: 'a trigger function is compared from the first effect that names it on',
    effects: [{ 'function public.f()': trigger }],
    live: {},
    failing: [`- function public.f() | ${trigger}`],
  },
];
