/** Computes the expected schema: merges effects into facts. All functions in this file are pure. */

/** An effect file: a patch for each object that the migration changes. */
export type Effect = Readonly<Record<string, Patch>>;
/** The new definition of an object, or of each part that changes. `null` removes the object or the part. */
type Patch = string | null | Readonly<Record<string, string | null>>;

/**
 * A schema: each object's parts, and their definitions. An object, one part and its definition are a fact. An
 * object that is not a table or a view has one part, named `''`.
 */
export type Facts = ReadonlyMap<string, Parts>;
export type Parts = ReadonlyMap<string, string>;
export const NONE: Parts = new Map();

/** True for the part that is the kind of the object, such as `table`. Every object has one such part. */
export const isKind = (part: string) => /^((foreign )?table|(materialized )?view|)$/.test(part);

/** Matches a part of which a table may have several, such as `column id`. */
export const NAMED_PART = /^(column|constraint|index|trigger|policy) (.+)$/s;

export const isConstraint = (part: string) => part.startsWith('constraint ');

/** True if the patch creates a trigger function. `down` may leave one behind: other tables may use it. */
export const isTriggerFunction = (patch: Patch | undefined) =>
  typeof patch === 'string' &&
  /^CREATE OR REPLACE FUNCTION [^(]*\(\)\n RETURNS trigger\n/.test(patch);

/** The part for which {@link isKind} is true; undefined if the object does not exist. */
export const kindOf = (parts: Parts) => [...parts.keys()].find(isKind);

/** The parts of one object that an effect names; none if it removes the object. */
export const partsOf = (patch: Patch | undefined): [string, string | null][] =>
  typeof patch === 'string' ? [['', patch]] : Object.entries(patch ?? {});

/** Applies effects one after the other. Each is a JSON merge patch (RFC 7396), in which null removes. */
export function merge(effects: readonly Effect[]): Facts {
  const merged = new Map<string, Map<string, string>>();
  for (const [object, patch] of effects.flatMap((effect) => Object.entries(effect))) {
    const parts = merged.get(object) ?? new Map<string, string>();
    if (patch === null) parts.clear();
    for (const [part, definition] of partsOf(patch))
      if (definition === null) parts.delete(part);
      else parts.set(part, definition);
    if (parts.size > 0) merged.set(object, parts);
    else merged.delete(object);
  }
  return merged;
}

/** The expected schema at a version: its `facts`, and the effects, which say which facts are compared. */
export type Expectation = ReturnType<typeof expectedAt>;

/**
 * What is expected if `count` migrations are applied. This run has reverted the next `reverted` ones: what
 * they added must be gone, and what they removed must be there again.
 */
export function expectedAt(
  { prerequisites, effects }: Readonly<{ prerequisites: Effect; effects: readonly Effect[] }>,
  count: number,
  reverted = 0,
) {
  const applied = effects.slice(0, count);
  const pending = effects.slice(count);
  const facts = merge([prerequisites, ...applied]);
  return { facts, prerequisites, applied, pending, undone: pending.slice(0, reverted) };
}

/** The effect that changes the schema `before` into the schema `after`. */
export function effectBetween(before: Facts, after: Facts): Effect {
  const effect: Record<string, Patch> = {};
  for (const object of before.keys()) if (!after.has(object)) effect[object] = null;
  for (const [object, parts] of after) {
    const old = before.get(object) ?? NONE;
    const patch: Record<string, string | null> = {};
    for (const part of [...parts.keys(), ...old.keys()])
      if (parts.get(part) !== old.get(part)) patch[part] = parts.get(part) ?? null;
    if (Object.keys(patch).length > 0) effect[object] = patch[''] ?? patch;
  }
  return effect;
}

/**
 * Adds to the prerequisites every fact of the base schema that a migration changes or removes: after `down`,
 * this fact must be there again. Leaves out a trigger function that is replaced: `down` may keep it.
 */
export function completePrerequisites(old: Effect, base: Facts, effects: readonly Effect[]) {
  const patches = effects.flatMap((effect) => Object.entries(effect));
  const added = patches.map(([object, patch]): Effect => {
    const named = new Map(partsOf(patch));
    const all = [...(base.get(object) ?? NONE)];
    const changed = all.filter(
      ([part, text]) => patch === null || (named.has(part) && !isTriggerFunction(text)),
    );
    // Also add a constraint that stays, but equals a removed one: the check would mistake it for that one.
    const texts = changed.map(([, text]) => text);
    const twins = all.filter(([part, text]) => isConstraint(part) && texts.includes(text));
    return { [object]: Object.fromEntries([...changed, ...twins]) };
  });
  // `old` is merged twice: first, so that the file keeps its order; last, so that its facts win.
  return effectBetween(new Map(), merge([old, ...added, old]));
}

/** Lists what differs: `+` added, `~` changed, `-` removed. A removed object is one line, without parts. */
export const effectLines = (before: Facts, after: Facts): string[] =>
  Object.entries(effectBetween(before, after)).flatMap(([object, patch]) => {
    const old = before.get(object) ?? NONE;
    return partsOf(patch ?? { [kindOf(old) ?? '']: null }).map(([part, definition]) => {
      let sign = old.has(part) ? '~' : '+';
      if (definition === null) sign = '-';
      return `  ${sign} ${title(object, part)} ${definition?.split('\n')[0] ?? ''}`.trimEnd();
    });
  });

/** The name of a fact in messages: `column schema.table.name`, but `index schema.name`, as in SQL. */
export function title(object: string, part: string): string {
  const [, noun = '', name] = NAMED_PART.exec(part) ?? [];
  if (name === undefined) return `${part} ${object}`.trimStart();
  const schema = object.replace(/^((?:"[^"]*")+|[^".]+)\..*$/s, '$1');
  return `${noun} ${noun === 'index' ? schema : object}.${name}`;
}
