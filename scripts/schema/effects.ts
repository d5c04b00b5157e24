import mergePatch from 'json8-merge-patch';
import {
  isPart,
  objectId,
  objectTitle,
  parts,
  sections,
  type Part,
  type Patch,
  type Schema,
  type Section,
} from './model.js';

/** What the schema has to be at a version, and how far the comparison goes. */
export interface Expectation {
  readonly schema: Schema;
  /** Ids of the objects that an effect names, also of those that it removes. Only these, and `owned`, are compared. */
  readonly named: ReadonlySet<string>;
  /** Keys of the tables that an effect creates: all that hangs on them is compared. The others are shared. */
  readonly owned: ReadonlySet<string>;
  /**
   * By their ids, the objects that were there before the first migration, and attributes that effects speak of: of these
   * objects nothing else is compared.
   */
  readonly partial: ReadonlyMap<string, ReadonlySet<string>>;
}

/** An object that an effect names, and what it says of it: `null` where it removes it. */
export interface Mention {
  readonly id: string;
  readonly section: Section;
  readonly key: string;
  readonly part?: Part;
  readonly name?: string;
  readonly value: Patch[string];
}

/** Whether there is more inside, rather than a value or a removal. */
export const isPatch = (value: Patch[string] | undefined): value is Patch =>
  typeof value === 'object' && value !== null;

/** Effects are asked what they name again and again; they never change. */
const mentioned = new WeakMap<Patch, readonly Mention[]>();

/** The objects that an effect names, tables before their parts. A table that is only a place for parts is not named. */
export function mentions(effect: Patch): readonly Mention[] {
  const known = mentioned.get(effect);
  if (known !== undefined) return known;
  const found: Mention[] = [];
  mentioned.set(effect, found);
  for (const [section, byKey] of Object.entries(effect) as [Section, Patch][])
    for (const [key, value] of Object.entries(byKey)) {
      const inner = section === 'tables' && isPatch(value) ? Object.entries(value) : [];
      if (inner.length === 0 || inner.some(([name]) => !isPart(name)))
        found.push({ id: objectId(section, key), section, key, value });
      for (const [part, byName] of inner)
        if (isPart(part) && isPatch(byName))
          for (const [name, state] of Object.entries(byName))
            found.push({ id: objectId(section, key, part, name), section, key, part, name, value: state });
    }
  return found;
}

/** Every column, table or function has these: where the prerequisites do not say which, any will do. */
const ALWAYS_THERE = new Set(['type', 'null', 'kind', 'returns', 'language', 'body']);

/** Whether an effect creates this table (and does not only hang something on it). */
export const createsTable = ({ section, part, value }: Mention): boolean =>
  section === 'tables' && part === undefined && isPatch(value) && typeof value['kind'] === 'string';

/**
 * Puts effects together: the expected schema after the last of them.
 *
 * @param prerequisites what the application's base schema holds; shared objects are compared on top of it
 * @param effects those of the applied migrations, in order
 * @param reverted those that this run takes back: what they name, and is not expected any more, must be gone. Trigger
 *   functions are shared and may stay.
 */
export function expectation(
  prerequisites: Patch,
  effects: readonly Patch[],
  reverted: readonly Patch[] = [],
): Expectation {
  const named = new Set<string>();
  const owned = new Set<string>();
  const partial = new Map(mentions(prerequisites).map(({ id }) => [id, new Set<string>()]));
  const speakOf = ({ id, value }: Mention) => {
    for (const attribute of isPatch(value) ? Object.keys(value) : [])
      if (!ALWAYS_THERE.has(attribute) && !isPart(attribute)) partial.get(id)?.add(attribute);
  };
  let schema = mergePatch.apply(Object.create(null) as object, prerequisites) as Schema;
  for (const effect of effects) {
    schema = mergePatch.apply(schema, effect);
    for (const mention of mentions(effect)) {
      named.add(mention.id);
      if (createsTable(mention)) owned.add(mention.key);
      // What is removed, and all that hangs on it, is this project's if it is made anew.
      if (mention.value === null)
        for (const id of partial.keys()) if (`${id}\0`.startsWith(`${mention.id}\0`)) partial.delete(id);
      speakOf(mention);
    }
  }
  for (const mention of reverted.flatMap(mentions)) {
    if (!(isPatch(mention.value) && mention.value['returns'] === 'trigger')) named.add(mention.id);
    speakOf(mention);
  }
  return { schema, named, owned, partial };
}

/** Something that an effect says of an object and that cannot be. */
export interface Contradiction {
  readonly index: number;
  readonly object: string;
  readonly what: string;
}

/** The first effect that does not fit those before it: it removes what is not there, or changes what nobody made. */
export function contradiction(prerequisites: Patch, effects: readonly Patch[]): Contradiction | undefined {
  const there = new Set(mentions(prerequisites).map(({ id }) => id));
  for (const [index, effect] of effects.entries())
    for (const { id, section, key, part, name, value } of mentions(effect)) {
      const say = (what: string) => ({ index, object: objectTitle(section, key, undefined, part, name), what });
      if (value === null && !there.delete(id)) return say('is removed, but no effect before made it');
      if (part === 'columns' && isPatch(value) && !('type' in value) && !there.has(id))
        return say('is changed, but neither the prerequisites nor an effect before made it');
      if (value !== null) there.add(id);
    }
  return undefined;
}

/** The merge patch that leads from one schema to another; objects go one by one, never a whole section with them. */
export function effectBetween(before: Schema, after: Schema): Patch {
  return difference(withPlaces(before), withPlaces(after));
}

function difference(before: Patch, after: Patch): Patch {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...keys].flatMap((key): [string, Patch[string]][] => {
      const [was, is] = [own(before, key), own(after, key)];
      if (is === undefined) return [[key, null]];
      if (!isPatch(is)) return was === is ? [] : [[key, is]];
      const inner = difference(isPatch(was) ? was : {}, is);
      return Object.keys(inner).length === 0 ? [] : [[key, inner]];
    }),
  );
}

const own = (patch: Patch, key: string): Patch[string] | undefined =>
  Object.hasOwn(patch, key) ? patch[key] : undefined;

/** A schema in which every section, and every kind of part of a table, has its place, if only an empty one. */
function withPlaces(schema: Schema): Patch {
  const empty = (keys: object) => Object.fromEntries(Object.keys(keys).map((key) => [key, {}]));
  const tables = Object.entries(schema.tables ?? {}).map(([key, table]) => [
    key,
    { ...(table as object), ...emptyParts(table as Patch) },
  ]);
  return { ...empty(sections), ...(schema as Patch), tables: Object.fromEntries(tables) as Patch };
}

const emptyParts = (table: Patch): Patch =>
  Object.fromEntries(Object.keys(parts).flatMap((part) => (Object.hasOwn(table, part) ? [] : [[part, {}]])));
