import type { Difference } from '../../../scripts/report/types.js';
import type { Patch, Schema } from '../../../scripts/schema/model.js';
import { changed, missing, unexpected } from './case.js';

/** What several effects say together of a schema, without `--strict`. The cases with a database have one effect each. */
export interface TogetherCase {
  readonly name: string;
  readonly prerequisites?: Patch;
  readonly effects: readonly Patch[];
  readonly reverted?: readonly Patch[];
  readonly live: Schema;
  readonly failing?: readonly Difference[];
  readonly warnings?: readonly Difference[];
}

const a = { kind: 'table', columns: { id: { type: 'integer', null: true } } } as const;
const makesA: Patch = { tables: { 'public.a': a } };
const trigger = { returns: 'trigger', language: 'plpgsql', body: 'BEGIN RETURN NEW; END' } as const;
const plain = { returns: 'integer', language: 'sql', body: 'SELECT 1' } as const;
const extra = { indexes: { mine: 'btree (id)' } } as const;
const mine = unexpected('index public.mine', 'btree (id)');

export const togetherCases: readonly TogetherCase[] = [
  {
    name: 'a table that was made and removed is still there: that fails, in one line',
    effects: [makesA, { tables: { 'public.a': null } }],
    live: { tables: { 'public.a': { ...a, ...extra } } },
    failing: [unexpected('table public.a', 'table')],
  },
  {
    name: 'a column that was made and removed is still there: that fails, and the table stays ours',
    effects: [makesA, { tables: { 'public.a': { columns: { id: null } } } }],
    live: { tables: { 'public.a': { ...a, ...extra } } },
    failing: [unexpected('column public.a.id', 'integer')],
    warnings: [mine],
  },
  {
    name: 'a table of ours that changes stays ours',
    effects: [makesA, { tables: { 'public.a': { rowSecurity: 'enabled' } } }],
    live: { tables: { 'public.a': { ...a, ...extra, rowSecurity: 'enabled' } } },
    warnings: [mine],
  },
  {
    name: 'a shared table of which an attribute changes stays shared',
    prerequisites: { tables: { 'public.a': { kind: 'table' } } },
    effects: [{ tables: { 'public.a': { rowSecurity: 'enabled' } } }],
    live: { tables: { 'public.a': { ...a, ...extra } } },
    failing: [changed('table public.a', 'row security enabled', 'no row security')],
  },
  {
    name: 'a table of which an effect names a part alone is not compared itself',
    effects: [{ tables: { 'public.a': { columns: { id: { type: 'integer', null: true } } } } }],
    live: { tables: { 'public.a': { ...a, ...extra } } },
  },
  {
    name: 'two things more on a table of ours are two warnings',
    effects: [makesA],
    live: { tables: { 'public.a': { ...a, indexes: { mine: 'btree (id)', other: 'hash (id)' } } } },
    warnings: [mine, unexpected('index public.other', 'hash (id)')],
  },
  {
    name: 'what was removed and made again is missed',
    effects: [makesA, { tables: { 'public.a': null } }, makesA],
    live: {},
    failing: [missing('table public.a', 'table')],
  },
  {
    name: 'of a table that was made in another shape again nothing of the first is left',
    effects: [makesA, { tables: { 'public.a': null } }, { tables: { 'public.a': { kind: 'table', columns: {} } } }],
    live: { tables: { 'public.a': { kind: 'table' } } },
  },
  {
    name: 'a definition that was there before is compared to its end',
    prerequisites: { sequences: { 'public.s': 'integer start 1' } },
    effects: [{ sequences: { 'public.s': 'integer start 1' } }],
    live: { sequences: { 'public.s': 'integer start 1 cycle' } },
    failing: [changed('sequence public.s', 'integer start 1', 'integer start 1 cycle')],
  },
  {
    name: 'of a column that was there before only what is written down is compared',
    prerequisites: { tables: { 'public.a': { columns: { id: { type: 'integer', null: false } } } } },
    effects: [{ tables: { 'public.a': { columns: { id: { null: true } } } } }],
    live: { tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true, default: '1' } } } } },
  },
  {
    name: 'a table that a reverted effect made is still there: that fails',
    effects: [],
    reverted: [makesA],
    live: { tables: { 'public.a': a } },
    failing: [unexpected('table public.a', 'table')],
  },
  {
    name: 'a part that a reverted effect hung on a shared table is still there: that fails',
    effects: [],
    reverted: [{ tables: { 'public.a': extra } }],
    live: { tables: { 'public.a': { ...a, ...extra } } },
    failing: [mine],
  },
  {
    name: 'what a reverted effect changed is as it was before',
    effects: [makesA],
    reverted: [{ tables: { 'public.a': { columns: { id: { null: false } } } } }],
    live: { tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: false } } } } },
    failing: [changed('column public.a.id', 'null', 'not null')],
  },
  {
    name: 'the function of a trigger may stay, another not',
    effects: [],
    reverted: [{ functions: { 'public.f()': trigger, 'public.g()': plain } }],
    live: { functions: { 'public.f()': trigger, 'public.g()': plain } },
    failing: [unexpected('function public.g()', 'returns integer, language sql, body SELECT 1')],
  },
];

/** Effects that do not fit those before them, and what is said of that. */
export interface ContradictionCase {
  readonly name: string;
  readonly prerequisites?: Patch;
  readonly effects: readonly Patch[];
  readonly says?: { readonly index: number; readonly object: string; readonly what: string };
}

const removesA: Patch = { tables: { 'public.a': null } };
const changesId: Patch = { tables: { 'public.a': { columns: { id: { null: false } } } } };
const removed = 'is removed, but no effect before made it';
const altered = 'is changed, but neither the prerequisites nor an effect before made it';

export const contradictions: readonly ContradictionCase[] = [
  { name: 'a table is made, and removed', effects: [makesA, removesA] },
  { name: 'a table is removed, and nobody made it', effects: [removesA], says: said(0, 'table public.a', removed) },
  {
    name: 'a table is removed twice',
    effects: [makesA, removesA, removesA],
    says: said(2, 'table public.a', removed),
  },
  { name: 'a table is made, removed, made and removed', effects: [makesA, removesA, makesA, removesA] },
  { name: 'a column is made, and changed twice', effects: [makesA, changesId, changesId] },
  { name: 'a column that was there before is changed twice', prerequisites: makesA, effects: [changesId, changesId] },
  { name: 'a column that was there before is removed', prerequisites: makesA, effects: [removesColumn()] },
  { name: 'a column is changed that nobody made', effects: [changesId], says: said(0, 'column public.a.id', altered) },
  {
    name: 'a column is changed that is gone',
    effects: [makesA, removesColumn(), changesId],
    says: said(2, 'column public.a.id', altered),
  },
];

function said(index: number, object: string, what: string): NonNullable<ContradictionCase['says']> {
  return { index, object, what };
}
function removesColumn(): Patch {
  return { tables: { 'public.a': { columns: { id: null } } } };
}

/** Two schemas, and the effect that leads from one to the other. */
export interface BetweenCase {
  readonly name: string;
  readonly before: Schema;
  readonly after: Schema;
  readonly effect: Patch;
}

const id = { type: 'integer', null: true };
const full: Schema = {
  tables: { 'public.a': { kind: 'table', rowSecurity: 'enabled', columns: { id, b: id } } },
  types: { 'public.x': `enum ('a')` },
};
const rest: Schema = { tables: { 'public.a': { kind: 'table', columns: { id: { ...id, null: false } } } } };

export const betweens: readonly BetweenCase[] = [
  {
    name: 'what is gone is null, object by object',
    before: full,
    after: rest,
    effect: {
      tables: { 'public.a': { rowSecurity: null, columns: { id: { null: false }, b: null } } },
      types: { 'public.x': null },
    },
  },
  {
    name: 'what is new is written down in full',
    before: rest,
    after: full,
    effect: {
      tables: { 'public.a': { rowSecurity: 'enabled', columns: { id: { null: true }, b: id } } },
      types: { 'public.x': `enum ('a')` },
    },
  },
  { name: 'the last table of all is gone', before: rest, after: {}, effect: { tables: { 'public.a': null } } },
  { name: 'nothing has changed', before: full, after: full, effect: {} },
];
