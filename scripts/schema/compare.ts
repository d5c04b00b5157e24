import type { Difference } from '../report/types.ts';
import { factId, isConstraint, isKind, title, type Expectation, type Facts } from './effects.ts';
import { meansOneOf } from './normalize.ts';

type Parts = ReadonlyMap<string, string>;
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
  const { facts, prerequisites, named, owned } = expected;
  for (const object of new Set([...facts.keys(), ...live.keys()])) {
    const [wanted, found] = [facts.get(object) ?? NONE, live.get(object) ?? NONE];
    const isNamed = (part: string) => named.has(factId(object, part));
    const all = [...new Set([...wanted.keys(), ...found.keys()])];
    const old = await oldConstraints(prerequisites.get(object) ?? NONE, wanted, found);
    const compared = all.filter((part) => isNamed(part) || owned.has(object) || old.has(part));
    const changedKinds = compared.filter(
      (part) => isKind(part) && wanted.has(part) !== found.has(part),
    );
    for (const part of changedKinds.length > 0 ? changedKinds : compared) {
      const definition = wanted.get(part);
      if (definition === found.get(part)) continue;
      if (definition !== undefined && (await hasFact(found, expected, [object, part, definition])))
        continue;
      const [expects, finds] = [displayed(part, definition), displayed(part, found.get(part))];
      const isAddition = expects === null && ADDITION.test(part);
      const isFailing = strict || isNamed(part) || old.has(part) || !isAddition;
      (isFailing ? failing : warnings).push(differenceOf(title(object, part), expects, finds));
    }
  }
  return { failing, warnings };
}

/** A definition for people. The definition of a plain table is empty, so it is displayed as `table`. */
const displayed = (part: string, definition: string | undefined) =>
  definition === '' ? part : (definition ?? null);

const ADDITION = /^(column|constraint|index|trigger|policy) /;

function differenceOf(object: string, expected: string | null, found: string | null): Difference {
  let kind: Difference['kind'] = 'changed';
  if (expected === null) kind = 'unexpected';
  else if (found === null) kind = 'missing';
  return { kind, object, expected, found };
}

/** Finds the live constraints that an effect has removed from the prerequisites, whatever their names are. */
async function oldConstraints(prerequisites: Parts, wanted: Parts, found: Parts) {
  const kept = [...wanted.values()];
  const gone = [...prerequisites].filter(
    ([part, definition]) => isConstraint(part) && !kept.includes(definition),
  );
  const old = new Set<string>();
  for (const [, former] of gone)
    for (const [part, definition] of found)
      if (isConstraint(part) && (await meansOneOf(part, former, [definition]))) old.add(part);
  return old;
}

/** True if `found` has this fact, perhaps in other words or, for a constraint, under another name. */
async function hasFact(
  found: Parts,
  { prerequisites, owned, declared }: Expectation,
  [object, part, definition]: readonly [string, string, string],
): Promise<boolean> {
  const other = found.get(part) ?? '';
  const isPrerequisite = prerequisites.get(object)?.get(part) === definition;
  // The application may add to a column of its own table, such as a default: it makes the definition longer.
  // Not allowed: a column of an effect becomes GENERATED, or has a definition that was declared before.
  const isLonger = part.startsWith('column ') && other.startsWith(`${definition} `);
  const isGenerated = !isPrerequisite && other.includes(' GENERATED ALWAYS AS (');
  const isOurs = owned.has(object) || declared.has([object, part, other].join('\0'));
  if (isLonger && !isGenerated && !isOurs) return true;
  // A constraint of the prerequisites may have any name.
  const mayBeRenamed = isConstraint(part) && isPrerequisite;
  for (const [name, text] of found)
    if (name === part || (mayBeRenamed && isConstraint(name)))
      if (await meansOneOf(part, definition, [text])) return true;
  return false;
}
