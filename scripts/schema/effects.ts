/** Effects, merged into the expected schema. Pure: values in, values out. */

/** What an effect file holds: by object, its whole definition, or its parts by name. `null` removes. */
export type Effect = Readonly<
  Record<string, string | null | Readonly<Record<string, string | null>>>
>;

/** A schema: by object, the definitions of its parts. An object without parts has one, named `''`. */
export type Facts = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The parts of which a relation always has exactly one: it says what kind of relation the object is. */
const RELATION_KINDS = ['table', 'view', 'materialized view', 'foreign table'];
export const isKind = (part: string): boolean => part === '' || RELATION_KINDS.includes(part);

/** Identifies a fact. */
export const factId = (object: string, part: string): string => `${object}\0${part}`;

/** A trigger function is shared with the application, which may use it for tables of its own. */
export const isTriggerFunction = (definition: string | null): boolean =>
  definition !== null && /^CREATE OR REPLACE FUNCTION [^\n]+\n RETURNS trigger\n/.test(definition);

/** The parts that an effect names of an object; none where it removes the object. */
export const partsOf = (
  patch: Effect[string] | undefined,
): [part: string, definition: string | null][] =>
  typeof patch === 'string' ? [['', patch]] : Object.entries(patch ?? {});

/** Merges effects as RFC 7396 says, two levels deep. */
export function merge(effects: readonly Effect[]): Facts {
  const merged = new Map<string, Map<string, string>>();
  for (const effect of effects)
    for (const [object, patch] of Object.entries(effect)) {
      if (patch === null) merged.delete(object);
      const parts = merged.get(object) ?? new Map<string, string>();
      for (const [part, definition] of partsOf(patch))
        if (definition === null) parts.delete(part);
        else parts.set(part, definition);
      if (parts.size > 0) merged.set(object, parts);
      else merged.delete(object);
    }
  return merged;
}

/** What the schema must be at a version, and how far the comparison goes. */
export interface Expectation {
  readonly facts: Facts;
  /** Ids of the facts that are compared wherever they are; also of those that an effect removed. */
  readonly named: ReadonlySet<string>;
  /** Tables that an effect created: everything on them is compared. */
  readonly owned: ReadonlySet<string>;
  /** Objects that an effect removed: nothing of them may be there. */
  readonly removed: ReadonlySet<string>;
  /** Ids of the facts that the prerequisites say: a constraint among them may have any name. */
  readonly prerequisites: ReadonlySet<string>;
}

/**
 * The expected schema after the applied effects.
 *
 * A prerequisite is compared until an effect names the same fact, applied or not: a legacy file may have made that
 * change already.
 *
 * @param reverted the effects that this run takes back: what they name and nothing expects any more must be gone.
 *   A trigger function may stay.
 */
export function expectation(
  prerequisites: Effect,
  effects: { readonly applied: readonly Effect[]; readonly pending: readonly Effect[] },
  reverted: readonly Effect[] = [],
): Expectation {
  const named = new Set<string>();
  const owned = new Set<string>();
  const removed = new Set<string>();
  for (const effect of effects.applied)
    for (const [object, patch] of Object.entries(effect)) {
      if (patch === null) removed.add(object);
      for (const [part, definition] of partsOf(patch)) {
        named.add(factId(object, part));
        if (isKind(part) && definition !== null) owned.add(object);
      }
    }
  for (const effect of reverted)
    for (const [object, patch] of Object.entries(effect))
      for (const [part, definition] of partsOf(patch)) {
        if (isTriggerFunction(definition)) continue;
        named.add(factId(object, part));
        if (isKind(part)) removed.add(object);
      }
  const asked = factsOf(prerequisites);
  const changed = new Set([...effects.applied, ...effects.pending].flatMap(idsOf));
  for (const [object, part] of asked) {
    const id = factId(object, part);
    if (!changed.has(id) && !changed.has(object)) named.add(id);
  }
  const facts = merge([prerequisites, ...effects.applied]);
  return {
    facts,
    named,
    owned,
    removed,
    prerequisites: new Set(asked.map(([object, part]) => factId(object, part))),
  };
}

/** Every fact of an effect, as object, part and definition. */
export const factsOf = (
  effect: Effect,
): [object: string, part: string, definition: string | null][] =>
  Object.entries(effect).flatMap(([object, patch]) =>
    partsOf(patch).map(([part, definition]): [string, string, string | null] => [
      object,
      part,
      definition,
    ]),
  );

/** The ids of the facts that an effect names; of an object that it removes, the object itself. */
const idsOf = (effect: Effect): string[] => [
  ...factsOf(effect).map(([object, part]) => factId(object, part)),
  ...Object.keys(effect).filter((object) => effect[object] === null),
];

/** The effect that leads from one schema to another. */
export function effectBetween(before: Facts, after: Facts): Effect {
  const effect: Record<string, Effect[string]> = {};
  for (const object of before.keys()) if (!after.has(object)) effect[object] = null;
  for (const [object, parts] of after) {
    const old = before.get(object) ?? new Map<string, string>();
    const changed: Record<string, string | null> = {};
    for (const part of old.keys()) if (!parts.has(part)) changed[part] = null;
    for (const [part, definition] of parts)
      if (old.get(part) !== definition) changed[part] = definition;
    const whole = changed[''];
    if (typeof whole === 'string') effect[object] = whole;
    else if (Object.keys(changed).length > 0) effect[object] = changed;
  }
  return effect;
}
