import type { Difference } from '../report/types.ts';
import type { Effect, Expectation, Facts, Parts } from './effects.ts';
import { isConstraint, isKind, isTriggerFunction, kindOf, merge } from './effects.ts';
import { NAMED_PART, NONE, partsOf, title } from './effects.ts';
import { meansOneOf } from './normalize.ts';

/**
 * Compares the live schema with the expected schema. `failing` are the differences that make it wrong.
 * `warnings` do not: they are parts, such as an index, that somebody added to a table of the migrations. If
 * `strict` is true, they are in `failing`, too.
 */
export async function compare(expected: Expectation, live: Facts, strict = false) {
  const failing: Difference[] = [];
  const warnings: Difference[] = [];
  for (const object of new Set([...expected.facts.keys(), ...live.keys()])) {
    const parts = expected.facts.get(object) ?? NONE;
    const found = live.get(object) ?? NONE;
    const names = new Set([...parts.keys(), ...found.keys()]);
    const differing = [...names].filter((part) => parts.get(part) !== found.get(part));
    if (differing.length === 0) continue; // Saves time: nearly all objects are equal.
    const rules = rulesFor(expected, object, parts);
    // If an object is missing or of another kind, its parts are not listed.
    const kinds = differing.filter((part) => isKind(part) && parts.has(part) !== found.has(part));
    const listed = kinds.some(rules.isCompared) ? kinds : differing;
    for (const part of listed) {
      const definition = parts.get(part);
      const actual = found.get(part);
      // An effect removed this constraint, but the base schema may give it another name.
      const isRemoved =
        actual !== undefined && (await meansOneOf(part, actual, rules.removedConstraints));
      const mustMatch = rules.isCompared(part) || isRemoved;
      if (!mustMatch && !rules.isOwned) continue;
      if (definition !== undefined && (await hasFact(found, rules, part, definition))) continue;
      const isAddition = !mustMatch && definition === undefined && NAMED_PART.test(part);
      const list = isAddition && !strict ? warnings : failing;
      list.push(differenceOf(object, part, definition, actual));
    }
  }
  return { failing, warnings };
}

/** The rules for comparing one object. `parts` are its expected parts. */
function rulesFor(expected: Expectation, object: string, parts: Parts) {
  const { prerequisites, applied, undone, pending } = expected;
  // `down` may leave a trigger function there, because other tables may use it.
  const done = [...applied, ...undone.filter((effect) => !isTriggerFunction(effect[object]))];
  // An object that an effect dropped is no prerequisite any more, even if a later effect creates it again.
  const isDropped = applied.some((effect) => effect[object] === null);
  const required = isDropped ? NONE : (merge([prerequisites]).get(object) ?? NONE);
  // All kinds, such as `table` and `view`, have the same name here: one may be in the place of another.
  const nameOf = (part: string) => (isKind(part) ? '' : part);
  // An effect that drops the object names its kind, and all parts that are expected now.
  const namesIn = ({ [object]: patch }: Effect) =>
    patch === null ? ['', ...parts.keys()] : partsOf(patch).map(([part]) => nameOf(part));
  // A prerequisite that a pending effect names is not compared: another program may have changed it already.
  const isPending = (name: string) => pending.some((effect) => namesIn(effect).includes(name));
  const requiredNames = namesIn(prerequisites).filter((name) => !isPending(name));
  const comparedNames = [...requiredNames, ...done.flatMap(namesIn)];
  return {
    required,
    /** The definitions of the constraints that prerequisites name and effects removed. */
    removedConstraints: [...required].flatMap(([part, definition]) =>
      isConstraint(part) && ![...parts.values()].includes(definition) ? definition : [],
    ),
    /** True if migrations created the object, so that all its parts are compared. Otherwise, it is shared. */
    isOwned: kindOf(parts) !== undefined && kindOf(required) === undefined,
    /** True if an effect or a prerequisite names the part. On a shared object, only these are compared. */
    isCompared: (part: string) => comparedNames.includes(nameOf(part)),
    /** All definitions in the effects and the prerequisites, also those that later effects replace. */
    declared: [prerequisites, ...done].flatMap((effect) => partsOf(effect[object])),
  };
}

/** True if `found` has this part with an equal definition. A required constraint may have any name. */
async function hasFact(found: Parts, rules: Rules, part: string, definition: string) {
  const { required, declared, isOwned } = rules;
  const isRequired = required.get(part) === definition;
  const actual = found.get(part) ?? '';
  // What effects defined before a later effect replaced it. To find this is a difference.
  const replaced = declared.flatMap(([name, text]) =>
    name === part && text !== null && text !== definition ? text : [],
  );
  const isReplaced = await meansOneOf(part, actual, replaced);
  // On a shared table, the application may add something to a column, such as a default. But a column of an
  // effect may not become GENERATED.
  if (!isOwned && part.startsWith('column ') && actual.startsWith(`${definition} `)) {
    return !isReplaced && (isRequired || !actual.includes(' GENERATED ALWAYS AS ('));
  }
  const mayHaveAnyName = isRequired && isConstraint(part) && !isReplaced;
  const names = mayHaveAnyName ? [...found.keys()].filter(isConstraint) : [part];
  const definitions = names.flatMap((name) => found.get(name) ?? []);
  return await meansOneOf(part, definition, definitions);
}
type Rules = ReturnType<typeof rulesFor>;

function differenceOf(object: string, part: string, definition?: string, actual?: string) {
  let kind: Difference['kind'] = 'changed';
  if (definition === undefined) kind = 'unexpected';
  else if (actual === undefined) kind = 'missing';
  const expected = shown(part, definition);
  return { kind, object: title(object, part), expected, found: shown(part, actual) };
}

/** A definition for messages. The definition of a plain table is empty: its part, `table`, is shown. */
export const shown = (part: string, definition: string | null = null) =>
  definition === '' ? part : definition;
