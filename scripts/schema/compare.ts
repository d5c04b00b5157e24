import type { Difference } from '../report/types.ts';
import type { Expectation, ExpectedObject, Facts, Parts } from './effects.ts';
import { isConstraint, isKind, NAMED_PART, NONE, title } from './effects.ts';
import { meansOneOf } from './normalize.ts';

/**
 * Compares the live schema with the expected schema. If somebody added something to an owned table, such as
 * an index, that is a warning. With `strict`, it is a failure. If an object is missing, or of another kind,
 * only that is listed, without its parts.
 *
 * @returns the differences: `failing` make the schema wrong, `warnings` do not
 */
export async function compare(expected: Expectation, live: Facts, strict = false) {
  const failing: Difference[] = [];
  const warnings: Difference[] = [];
  for (const object of new Set([...expected.facts.keys(), ...live.keys()])) {
    const [parts, found] = [expected.facts.get(object) ?? NONE, live.get(object) ?? NONE];
    const all = [...new Set([...parts.keys(), ...found.keys()])];
    const differing = all.filter((part) => parts.get(part) !== found.get(part));
    if (differing.length === 0) continue; // Saves time: nearly all objects are equal.
    const wanted = expected.of(object);
    const changedKinds = differing.filter(
      (part) => isKind(part) && wanted.isCompared(part) && parts.has(part) !== found.has(part),
    );
    for (const part of changedKinds.length > 0 ? changedKinds : differing) {
      const [definition, actual] = [parts.get(part), found.get(part)];
      const isRemoved = actual !== undefined && (await meansOneOf(part, actual, wanted.removed));
      const mustMatch = wanted.isCompared(part) || isRemoved;
      if (!mustMatch && !wanted.isOwned) continue;
      if (definition !== undefined && (await hasFact(found, wanted, part, definition))) continue;
      const isAddition = !mustMatch && definition === undefined && NAMED_PART.test(part);
      const list = isAddition && !strict ? warnings : failing;
      list.push(differenceOf(object, part, definition, actual));
    }
  }
  return { failing, warnings };
}

/** True if `found` has this or an equal part. A constraint of the prerequisites may have any name. */
async function hasFact(found: Parts, wanted: ExpectedObject, part: string, definition: string) {
  const isPrerequisite = wanted.prerequisites.get(part) === definition;
  // On a shared table, the application may add something to a column, like a default. But it may not make a
  // column of an effect GENERATED, and a definition that a migration has replaced is wrong.
  const actual = found.get(part) ?? '';
  if (part.startsWith('column ') && actual.startsWith(`${definition} `)) {
    const isGenerated = !isPrerequisite && actual.includes(' GENERATED ALWAYS AS (');
    if (!isGenerated && !wanted.isDeclared(part, actual) && !wanted.isOwned) return true;
  }
  const isAnyName = isPrerequisite && isConstraint(part);
  const names = isAnyName ? [...found.keys()].filter(isConstraint) : [part];
  const definitions = names.flatMap((name) => found.get(name) ?? []);
  return await meansOneOf(part, definition, definitions);
}

function differenceOf(object: string, part: string, definition?: string, actual?: string) {
  let kind: Difference['kind'] = 'changed';
  if (definition === undefined) kind = 'unexpected';
  else if (actual === undefined) kind = 'missing';
  // The definition of a plain table is empty, so display its part, `table`.
  const shown = (text: string | undefined) => (text === '' ? part : (text ?? null));
  return { kind, object: title(object, part), expected: shown(definition), found: shown(actual) };
}
