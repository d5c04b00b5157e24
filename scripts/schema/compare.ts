import type { Difference } from '../report/types.ts';
import type { Expectation, Facts, Parts } from './effects.ts';
import { factId, isConstraint, isKind, NAMED_PART, title } from './effects.ts';
import { meansOneOf } from './normalize.ts';

const NONE: Parts = new Map();

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
  const { facts, named } = expected;
  for (const object of new Set([...facts.keys(), ...live.keys()])) {
    const [wanted, found] = [facts.get(object) ?? NONE, live.get(object) ?? NONE];
    const isNamed = (part: string) => named.has(factId(object, part));
    const all = [...new Set([...wanted.keys(), ...found.keys()])];
    const changedKinds = all.filter(
      (part) => isKind(part) && isNamed(part) && wanted.has(part) !== found.has(part),
    );
    for (const part of changedKinds.length > 0 ? changedKinds : all) {
      const [definition, actual] = [wanted.get(part), found.get(part)];
      if (definition === actual) continue;
      const removed = removedConstraints(expected, object);
      const isRemoved = actual !== undefined && (await meansOneOf(part, actual, removed));
      const mustMatch = isNamed(part) || isRemoved;
      if (!mustMatch && !expected.isOwned(object)) continue;
      if (definition !== undefined && (await hasFact(found, expected, [object, part, definition])))
        continue;
      const isAddition = !mustMatch && definition === undefined && NAMED_PART.test(part);
      const list = isAddition && !strict ? warnings : failing;
      list.push(differenceOf(object, part, definition, actual));
    }
  }
  return { failing, warnings };
}

/** The prerequisites' constraints that an effect has removed. In the database, they may have any name. */
function removedConstraints({ facts, prerequisites }: Expectation, object: string): string[] {
  const kept = [...(facts.get(object) ?? NONE).values()];
  return [...(prerequisites.get(object) ?? NONE)]
    .filter(([part, definition]) => isConstraint(part) && !kept.includes(definition))
    .map(([, definition]) => definition);
}

/** True if `found` has this or an equal fact. A constraint of the prerequisites may have any name. */
async function hasFact(
  found: Parts,
  expected: Expectation,
  [object, part, definition]: readonly [string, string, string],
): Promise<boolean> {
  const isPrerequisite = expected.prerequisites.get(object)?.get(part) === definition;
  // On a shared table, the application may add something to a column, like a default. But it may not make a
  // column of an effect GENERATED, and a definition that a migration has replaced is wrong.
  const actual = found.get(part) ?? '';
  if (part.startsWith('column ') && actual.startsWith(`${definition} `)) {
    const isGenerated = !isPrerequisite && actual.includes(' GENERATED ALWAYS AS (');
    const isDeclared = expected.isDeclared(object, part, actual);
    if (!isGenerated && !isDeclared && !expected.isOwned(object)) return true;
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
  const [expected = null, found = null] = [definition, actual].map((text) =>
    text === '' ? part : text,
  );
  return { kind, object: title(object, part), expected, found };
}
