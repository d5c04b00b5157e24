import type { Difference } from '../../../scripts/report/types.js';

/** One thing that goes wrong with a schema, and all that the check has to say of it. */
export interface AlarmCase {
  readonly name: string;
  /** SQL that makes the objects: the only migration of a project of its own. */
  readonly make: string;
  /** SQL that spoils them by hand, behind the project's back. */
  readonly spoil: string;
  readonly differences: readonly Difference[];
  /** The oldest PostgreSQL that knows this. */
  readonly since?: number;
  /** Why a comparison of `pg_dump`s says the opposite of the check, where it does. */
  readonly unlikeDump?: string;
}

export type Rest = Pick<AlarmCase, 'since' | 'unlikeDump'>;

export const missing = (object: string, expected: string): Difference => ({
  kind: 'missing',
  object,
  expected,
  found: null,
});
export const unexpected = (object: string, found: string): Difference => ({
  kind: 'unexpected',
  object,
  expected: null,
  found,
});
export const changed = (object: string, expected: string, found: string): Difference => ({
  kind: 'changed',
  object,
  expected,
  found,
});

/** Something that an object can have or not: the case in which it is lost, and the case in which it is won. */
export interface Attribute extends Rest {
  readonly name: string;
  readonly base: string;
  readonly add: string;
  readonly remove: string;
  readonly object: string;
  readonly without: string;
  readonly with: string;
}

export function bothWays({ name, base, add, remove, object, without, with: has, ...rest }: Attribute): AlarmCase[] {
  return [
    {
      ...rest,
      name: `${name} is lost`,
      make: `${base}; ${add}`,
      spoil: remove,
      differences: [changed(object, has, without)],
    },
    { ...rest, name: `${name} is added`, make: base, spoil: add, differences: [changed(object, without, has)] },
  ];
}

/** A part of a table: the case in which it is gone, and the case in which somebody put it there. */
export interface PartCase extends Rest {
  readonly name: string;
  readonly base: string;
  readonly add: string;
  readonly remove: string;
  readonly object: string;
  readonly state: string;
}

export function comesAndGoes({ name, base, add, remove, object, state, ...rest }: PartCase): AlarmCase[] {
  return [
    {
      ...rest,
      name: `${name} is missing`,
      make: `${base}; ${add}`,
      spoil: remove,
      differences: [missing(object, state)],
    },
    { ...rest, name: `${name} is unexpected`, make: base, spoil: add, differences: [unexpected(object, state)] },
  ];
}
