import type { Expectation } from './effects.js';
import { objectId, objectsOf, sections, type Schema, type SchemaObject, type Section, type State } from './model.js';

/** One object that is not as expected. `expected` is null where there should be none, `found` where there is none. */
export interface Difference {
  readonly kind: 'missing' | 'changed' | 'unexpected';
  readonly object: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** What a comparison says: `failing` are the differences that make the schema wrong, `warnings` the others. */
export interface Comparison {
  readonly failing: readonly Difference[];
  readonly warnings: readonly Difference[];
}

/**
 * Compares the live schema with the expected one.
 *
 * `missing` and `changed` make a schema wrong. So does an object that the effects removed and that is still there;
 * anything else `unexpected` is a warning, unless `strict`. A table that is missing is one difference, without its parts.
 */
export function compare(expected: Expectation, live: Schema, strict = false): Comparison {
  const failing: Difference[] = [];
  const warnings: Difference[] = [];
  const [wanted, found] = unequalObjects(expected.schema, live);
  for (const object of wanted.values()) {
    if (!isCompared(expected, object) || isCoveredByTable(expected, object, wanted, found)) continue;
    const other = found.get(object.id);
    if (other !== undefined) failing.push(...changed(object, other, expected.partial.get(object.id)));
    else failing.push({ kind: 'missing', object: object.title, expected: describe(object.state), found: null });
  }
  for (const object of found.values()) {
    if (wanted.has(object.id) || !isCompared(expected, object) || isCoveredByTable(expected, object, wanted, found))
      continue;
    const difference = {
      kind: 'unexpected',
      object: object.title,
      expected: null,
      found: describe(object.state),
    } as const;
    if (strict || expected.named.has(object.id)) failing.push(difference);
    else warnings.push(difference);
  }
  return { failing, warnings };
}

/** The objects of both schemas, without the tables and other things that read the same in both: nearly all of them. */
function unequalObjects(wanted: Schema, found: Schema): [Objects, Objects] {
  const [left, right]: [Schema, Schema] = [{}, {}];
  for (const section of Object.keys(sections) as Section[]) {
    const [ours, theirs] = [wanted[section] ?? {}, found[section] ?? {}];
    const unequal = Object.keys(ours).filter((key) => JSON.stringify(ours[key]) !== JSON.stringify(theirs[key]));
    const keys = [...unequal, ...Object.keys(theirs).filter((key) => !Object.hasOwn(ours, key))];
    left[section] = pick(ours, keys);
    right[section] = pick(theirs, keys);
  }
  return [objectsOf(left), objectsOf(right)];
}

const pick = <T>(byKey: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> =>
  Object.fromEntries(keys.flatMap((key) => (Object.hasOwn(byKey, key) ? [[key, byKey[key] as T]] : [])));

type Objects = ReadonlyMap<string, SchemaObject>;

/** Whether a part needs no line of its own: its table is missing, or is none, or should not be there, which is said. */
function isCoveredByTable(
  expected: Expectation,
  { part, key }: SchemaObject,
  wanted: Objects,
  found: Objects,
): boolean {
  const id = objectId('tables', key);
  const [table, other] = [wanted.get(id), found.get(id)];
  if (part === undefined || !isCompared(expected, table ?? other)) return false;
  if (table === undefined || other === undefined) return true;
  const kind = kindOf(table.state); // Of a shared table it need not be written down.
  return kind !== undefined && kind !== kindOf(other.state);
}

const kindOf = (state: State) => (typeof state === 'string' ? state : state['kind']);

const isCompared = ({ named, owned }: Expectation, object: SchemaObject | undefined): boolean =>
  object !== undefined && (named.has(object.id) || (object.section === 'tables' && owned.has(object.key)));

function changed(wanted: SchemaObject, found: SchemaObject, asked?: ReadonlySet<string>): Difference[] {
  const attributes = differing(wanted.state, found.state, asked);
  if (attributes.length === 0) return [];
  return [
    {
      kind: 'changed',
      object: wanted.title,
      expected: describe(wanted.state, attributes),
      found: describe(found.state, attributes),
    },
  ];
}

/**
 * The attributes in which two states differ; `['']` for two definitions that do.
 *
 * @param asked of an object that is not this project's: what is asked for although it is not to be there
 */
function differing(wanted: State, found: State, asked?: ReadonlySet<string>): string[] {
  if (typeof wanted === 'string' || typeof found === 'string') return wanted === found ? [] : [''];
  const names = new Set([...Object.keys(wanted), ...(asked ?? Object.keys(found))]);
  // A materialized view that is made without rows is refreshed sooner or later.
  const isRefreshed = (name: string) => name === 'populated' && wanted[name] === false;
  return [...names].filter((name) => wanted[name] !== found[name] && !isRefreshed(name));
}

/** A state in words: all that is worth saying of it, or these attributes alone, also where they are absent. */
export function describe(state: State, attributes?: readonly string[]): string {
  if (typeof state === 'string') return state;
  const words =
    attributes === undefined
      ? Object.entries(state).map(([name, value]) => (name === 'null' && value === true ? '' : phrase(name, value)))
      : attributes.map((name) => phrase(name, state[name]));
  return words.filter((word) => word !== '').join(', ');
}

/** One attribute in words. */
function phrase(name: string, value: string | boolean | undefined): string {
  if (name === 'type') return String(value ?? 'no type');
  if (name === 'kind') return String(value ?? 'function'); // Only a plain function has none.
  if (name === 'null') return value === false ? 'not null' : 'null';
  if (name === 'populated') return value === false ? 'not populated' : 'populated';
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (value === undefined || value === false) return `no ${words}`;
  return value === true ? words : `${words} ${value}`;
}
