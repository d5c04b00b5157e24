import type { Difference } from '../report/types.js';
import { factId, isKind, type Expectation, type Facts } from './effects.js';
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
 * What is missing or changed makes a schema wrong. So does what an effect removed and is still there; anything else
 * unexpected, on a table that a migration created, is a warning unless `strict`. An object that is missing, or is there
 * and should not be, is one difference, without its parts.
 */
export async function compare(
  expected: Expectation,
  live: Facts,
  strict = false,
): Promise<Comparison> {
  const failing: Difference[] = [];
  const warnings: Difference[] = [];
  for (const object of new Set([...expected.facts.keys(), ...live.keys()])) {
    const wanted = expected.facts.get(object) ?? NONE;
    const found = live.get(object) ?? NONE;
    const isCompared = (part: string): boolean =>
      expected.named.has(factId(object, part)) ||
      expected.owned.has(object) ||
      expected.removed.has(object);
    const whole = wholeDifference(object, wanted, found);
    const kind = kindOf(wanted) ?? kindOf(found);
    if (whole !== undefined && kind !== undefined && isCompared(kind)) {
      const isFailing =
        whole.kind !== 'unexpected' ||
        strict ||
        expected.removed.has(object) ||
        expected.named.has(factId(object, kind));
      (isFailing ? failing : warnings).push(whole);
      continue;
    }
    for (const [part, definition] of wanted) {
      if (!isCompared(part) || found.get(part) === definition) continue;
      const difference = await partDifference(expected, object, part, definition, found);
      if (difference !== undefined) failing.push(difference);
    }
    for (const [part, definition] of found) {
      if (!isCompared(part) || wanted.has(part)) continue;
      const difference = {
        kind: 'unexpected',
        object: title(object, part),
        expected: null,
        found: shown(part, definition),
      } as const;
      const isNamed = expected.removed.has(object) || expected.named.has(factId(object, part));
      (strict || isNamed ? failing : warnings).push(difference);
    }
  }
  return { failing, warnings };
}

const kindOf = (parts: Parts): string | undefined => [...parts.keys()].find(isKind);

/** The one difference of an object that is missing, of another kind, or there and should not be. */
function wholeDifference(object: string, wanted: Parts, found: Parts): Difference | undefined {
  const [kind, other] = [kindOf(wanted), kindOf(found)];
  const inFull = (part: string, parts: Parts): string => `${part} ${parts.get(part) ?? ''}`.trim();
  if (kind !== undefined && other === undefined)
    return {
      kind: 'missing',
      object: title(object, kind),
      expected: shown(kind, wanted.get(kind) ?? ''),
      found: null,
    };
  if (kind !== undefined && other !== undefined && kind !== other)
    return {
      kind: 'changed',
      object: title(object, kind),
      expected: inFull(kind, wanted),
      found: inFull(other, found),
    };
  if (wanted.size === 0 && other !== undefined)
    return {
      kind: 'unexpected',
      object: title(object, other),
      expected: null,
      found: shown(other, found.get(other) ?? ''),
    };
  return undefined;
}

async function partDifference(
  expected: Expectation,
  object: string,
  part: string,
  definition: string,
  found: Parts,
): Promise<Difference | undefined> {
  const other = found.get(part);
  // On a shared table the application may add to a column, and call the constraints as it likes.
  const isExtended = part.startsWith('column ') && other?.startsWith(`${definition} `) === true;
  if (isExtended && !expected.owned.has(object)) return undefined;
  const isAnyName =
    part.startsWith('constraint ') && expected.prerequisites.has(factId(object, part));
  const constraints = [...found].filter(([name]) => isAnyName && name.startsWith('constraint '));
  const candidates = [
    ...constraints.map(([, each]) => each),
    ...(other === undefined ? [] : [other]),
  ];
  for (const candidate of candidates)
    if (candidate === definition || (await normalizer())(part, definition, candidate))
      return undefined;
  if (other === undefined)
    return {
      kind: 'missing',
      object: title(object, part),
      expected: shown(part, definition),
      found: null,
    };
  return {
    kind: 'changed',
    object: title(object, part),
    expected: shown(part, definition),
    found: shown(part, other),
  };
}

/** A plain table has no definition to show. */
export const shown = (part: string, definition: string): string =>
  definition === '' ? part : definition;

/** What a fact is called. An index is named in its schema, other parts in their table. */
export function title(object: string, part: string): string {
  if (part === '') return object;
  const [, noun = part, name] = /^(column|constraint|index|trigger|policy) (.*)$/s.exec(part) ?? [];
  if (name === undefined) return `${noun} ${object}`;
  return `${noun} ${noun === 'index' ? schemaOf(object) : object}.${name}`;
}

/** The schema of a qualified name, with its quotes: `public`, `"My Schema"`. */
export const schemaOf = (object: string): string =>
  /^(?:[a-z]+ )?("(?:[^"]|"")*"|[^".]*)\./.exec(object)?.[1] ?? '';
