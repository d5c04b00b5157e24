import type { Effect } from '../../scripts/schema/effects.js';
import { made, part, removed } from './comparisons.js';

export const two: Effect = {
  ...part({ ...made, 'column b': 'text NULL' }),
  'type public.x': "AS ENUM ('a')",
};
const one: Effect = part({ table: '', 'column id': 'integer NOT NULL' });

/** Two schemas, and the effect that leads from one to the other. */
export const effectsBetween: readonly [
  name: string,
  before: Effect,
  after: Effect,
  effect: Effect,
][] = [
  [
    'what is gone is null, part by part and object by object',
    two,
    one,
    { 'type public.x': null, ...part({ 'column b': null, 'column id': 'integer NOT NULL' }) },
  ],
  [
    'what is new stands in full',
    one,
    two,
    {
      ...part({ 'column id': 'integer NULL', 'column b': 'text NULL' }),
      'type public.x': "AS ENUM ('a')",
    },
  ],
  ['nothing has changed', two, two, {}],
];

/** What a migration does to the schema `two`, and how `plan` puts that. */
export const linesOf: readonly (readonly ['up' | 'down', Effect, ...lines: string[]])[] = [
  ['up', { 'public.n': made }, '+ table public.n', '+ column public.n.id integer NULL'],
  ['down', { 'public.n': made }, '- table public.n'],
  ['up', removed, '- table public.a'],
  [
    'down',
    removed,
    ...['+ table public.a', '+ column public.a.id integer NULL', '+ column public.a.b text NULL'],
  ],
  ['up', { 'public.n': null }],
  ['up', part({ 'column b': null }), '- column public.a.b'],
  ['up', part({ 'column b': 'text NOT NULL' }), '~ column public.a.b text NOT NULL'],
  ['down', part({ 'column b': 'text NOT NULL' }), '~ column public.a.b text NULL'],
  ['up', { 'function public.f()': 'CREATE …\n RETURNS …' }, '+ function public.f() CREATE …'],
  ['up', { 'type public.x': null }, '- type public.x'],
];
