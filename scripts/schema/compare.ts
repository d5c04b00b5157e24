import type { Difference } from '../report/types.js';
import { factId, isKind, partsOf, type Expectation, type Facts } from './effects.js';
import { normalizer } from './normalize.js';

/** `failing` are the differences that make the schema wrong, `warnings` the others. */
export interface Comparison {
  readonly failing: readonly Difference[];
  readonly warnings: readonly Difference[];
}

type Parts = ReadonlyMap<string, string>;
const NONE: Parts = new Map();

/**
 * Compares the live schema with the expected one.
 *
 * What is missing or changed makes a schema wrong. So does what an effect removed and is still there;
 * anything else unexpected, on a table that a migration created, is a warning unless `strict`. An object
 * that is missing, or should not be there, is one difference, without its parts.
 */
export async function compare(
  expected: Expectation,
  live: Facts,
  strict = false,
): Promise<Comparison> {
  const failing: Difference[] = [];
  const warnings: Difference[] = [];
  const { facts, named, owned, removed } = expected;
  for (const object of new Set([...facts.keys(), ...live.keys()])) {
    const [wanted, found] = [facts.get(object) ?? NONE, live.get(object) ?? NONE];
    const isNamed = (part: string) => named.has(factId(object, part)) || removed.has(object);
    const parts = [...new Set([...wanted.keys(), ...found.keys()])].filter(
      (part) => isNamed(part) || owned.has(object),
    );
    // If the object as a whole is missing, unexpected or of another kind, its parts say nothing more.
    const kinds = parts.filter((part) => isKind(part) && wanted.has(part) !== found.has(part));
    const both = kinds.length === 2 ? wholeDifference(object, wanted, found) : undefined;
    if (both !== undefined) failing.push(both);
    for (const part of both !== undefined ? [] : kinds.length === 1 ? kinds : parts) {
      const [definition, other] = [wanted.get(part), found.get(part)];
      if (definition !== undefined && (await isEqual(expected, object, part, definition, found)))
        continue;
      const kind =
        definition === undefined ? 'unexpected' : other === undefined ? 'missing' : 'changed';
      const isFailing = kind !== 'unexpected' || strict || isNamed(part);
      const [expects, finds] = [shown(part, definition), shown(part, other)];
      const difference = {
        kind,
        object: title(object, part),
        expected: expects,
        found: finds,
      } as const;
      (isFailing ? failing : warnings).push(difference);
    }
  }
  return { failing, warnings };
}

/** An object of another kind: a view in the place of a table. */
function wholeDifference(object: string, wanted: Parts, found: Parts): Difference {
  const inFull = (parts: Parts) =>
    [...parts]
      .find(([part]) => isKind(part))
      ?.join(' ')
      .trim() ?? '';
  const kind = [...wanted.keys()].find(isKind) ?? '';
  return {
    kind: 'changed',
    object: title(object, kind),
    expected: inFull(wanted),
    found: inFull(found),
  };
}

async function isEqual(
  expected: Expectation,
  object: string,
  part: string,
  definition: string,
  found: Parts,
) {
  const other = found.get(part);
  if (other === definition) return true;
  // On a shared table the application may add to a column, and name the constraints as it likes.
  const isShared = !expected.owned.has(object);
  if (isShared && part.startsWith('column ') && other?.startsWith(`${definition} `) === true)
    return true;
  const mayBeRenamed = part.startsWith('constraint ') && isPrerequisite(expected, object, part);
  const candidates = mayBeRenamed
    ? [...found]
        .filter(([name]) => name.startsWith('constraint '))
        .map(([, candidate]) => candidate)
    : [other ?? ''];
  if (other === undefined && !mayBeRenamed) return false;
  const isSame = await normalizer();
  return candidates.some((candidate) => isSame(part, definition, candidate));
}

const isPrerequisite = ({ prerequisites }: Expectation, object: string, part: string) =>
  partsOf(prerequisites[object]).some(([name]) => name === part);

/** A plain table has no definition to show. */
export const shown = (part: string, definition: string | undefined) =>
  definition === '' ? part : (definition ?? null);

/** What a fact is called. An index is named in its schema, other parts in their table. */
export function title(object: string, part: string): string {
  if (part === '') return object;
  const [, noun = part, name] = /^(column|constraint|index|trigger|policy) (.*)$/s.exec(part) ?? [];
  if (name === undefined) return `${noun} ${object}`;
  return `${noun} ${noun === 'index' ? schemaOf(object) : object}.${name}`;
}

/** The schema in the name of an object, with its quotes if it has any. */
export const schemaOf = (object: string) =>
  /^(?:[a-z]+ )?("(?:[^"]|"")*"|[^".]*)\./.exec(object)?.[1] ?? '';
