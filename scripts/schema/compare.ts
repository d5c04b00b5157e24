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
 * anything else with a name that is unexpected, on a table that a migration created, is a warning unless
 * `strict`. An object that is missing, or should not be there, is one difference, without its parts.
 */
export async function compare(expected: Expectation, live: Facts, strict = false) {
  const failing: Difference[] = [];
  const warnings: Difference[] = [];
  const { facts, named, owned, removed } = expected;
  for (const object of new Set([...facts.keys(), ...live.keys()])) {
    const [wanted, found] = [facts.get(object) ?? NONE, live.get(object) ?? NONE];
    const isNamed = (part: string) => named.has(factId(object, part)) || removed.has(object);
    const all = [...new Set([...wanted.keys(), ...found.keys()])];
    const compared = all.filter((part) => isNamed(part) || owned.has(object));
    const [kind, otherKind] = [kindOf(wanted), kindOf(found)];
    const isOther = kind !== otherKind && compared.some(isKind);
    for (const part of isOther ? [kind ?? otherKind ?? ''] : compared) {
      const definition = wanted.get(part);
      if (definition !== undefined && (await isEqual(expected, [object, part, definition], found)))
        continue;
      const [expects, finds] =
        isOther && kind !== undefined && otherKind !== undefined
          ? [inFull(kind, wanted), inFull(otherKind, found)] // A view in the place of a table.
          : [shown(part, definition), shown(part, found.get(part))];
      const difference: Difference = {
        kind: expects === null ? 'unexpected' : finds === null ? 'missing' : 'changed',
        object: title(object, part),
        expected: expects,
        found: finds,
      };
      const isFailing =
        expects !== null || strict || isNamed(part) || !/ ./.test(part) || part === 'row security';
      (isFailing ? failing : warnings).push(difference);
    }
  }
  return { failing, warnings } satisfies Comparison;
}

const kindOf = (parts: Parts) => [...parts.keys()].find(isKind);
const inFull = (part: string, parts: Parts) => `${part} ${parts.get(part) ?? ''}`.trim();

/** Whether a fact is there as expected. */
async function isEqual(expected: Expectation, [object, part, definition]: Fact, found: Parts) {
  const other = found.get(part);
  if (other === definition) return true;
  // On a shared table the application may add to a column, and name the constraints as it likes.
  const isShared = !expected.owned.has(object);
  const isLonger = part.startsWith('column ') && other?.startsWith(`${definition} `) === true;
  const isOurs = expected.definitions.has([object, part, other].join('\0'));
  if (isShared && isLonger && !isOurs) return true;
  const isPrerequisite = partsOf(expected.prerequisites[object]).some(
    ([name, text]) => name === part && text === definition,
  );
  const mayBeRenamed = part.startsWith('constraint ') && isPrerequisite;
  const constraints = [...found].filter(([name]) => mayBeRenamed && name.startsWith('constraint '));
  const candidates = [other, ...constraints.map(([, each]) => each)].filter(
    (each) => each !== undefined,
  );
  if (candidates.length === 0) return false;
  const isSame = await normalizer();
  return candidates.some((candidate) => isSame(part, definition, candidate));
}

type Fact = readonly [object: string, part: string, definition: string];

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
