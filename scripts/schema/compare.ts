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
 * A fact that is missing, changed, or not removed makes the schema wrong. Something else on a table that a
 * migration created, such as an index that somebody has added, is a warning, unless `strict`. If a whole
 * object is missing, or must be gone, this is one difference: its parts are not listed.
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
    const kind = kindOf(wanted);
    const otherKind = kindOf(found);
    const isOther = kind !== otherKind && compared.some(isKind);
    for (const part of isOther ? [kind ?? otherKind ?? ''] : compared) {
      const definition = wanted.get(part);
      if (definition !== undefined && (await isEqual(expected, [object, part, definition], found)))
        continue;
      let expects = shown(part, definition);
      let finds = shown(part, found.get(part));
      // A view in the place of a table: both are shown with their kinds.
      if (isOther && kind !== undefined && otherKind !== undefined) {
        expects = inFull(kind, wanted);
        finds = inFull(otherKind, found);
      }
      let change: Difference['kind'] = 'changed';
      if (expects === null) change = 'unexpected';
      else if (finds === null) change = 'missing';
      const difference: Difference = {
        kind: change,
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
  // On a shared table, the application may add a default to a column, and choose the names of constraints.
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

/** A definition as people read it: a plain table has an empty one, and is shown as `table`. */
export const shown = (part: string, definition: string | undefined) =>
  definition === '' ? part : (definition ?? null);

/** The name of a fact in messages: `index schema.name`, or `column schema.table.name`. */
export function title(object: string, part: string): string {
  if (part === '') return object;
  const [, noun = part, name] = /^(column|constraint|index|trigger|policy) (.*)$/s.exec(part) ?? [];
  if (name === undefined) return `${noun} ${object}`;
  return `${noun} ${noun === 'index' ? schemaOf(object) : object}.${name}`;
}

/** The schema of an object, quoted as in the name of the object. */
export const schemaOf = (object: string) =>
  /^(?:[a-z]+ )?("(?:[^"]|"")*"|[^".]*)\./.exec(object)?.[1] ?? '';
