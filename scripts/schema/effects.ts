import mergePatch from 'json8-merge-patch';
import { isPart, isPatch, mentions, objectTitle, sections, type Mention, type Patch, type Schema } from './model.js';

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
export function effectBetween(before: Patch, after: Patch, depth = 0): Patch {
  const keys = depth === 0 ? Object.keys(sections) : new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...keys].flatMap((key): [string, Patch[string]][] => {
      const was = own(before, key);
      // Sections, and the kinds of parts of a table, are places for objects: they stay.
      const is = own(after, key) ?? (depth % 2 === 0 && isPatch(was) ? {} : undefined);
      if (is === undefined) return was === undefined ? [] : [[key, null]];
      if (!isPatch(is)) return was === is ? [] : [[key, is]];
      const inner = effectBetween(isPatch(was) ? was : {}, is, depth + 1);
      return Object.keys(inner).length === 0 ? [] : [[key, inner]];
    }),
  );
}

const own = (patch: Patch, key: string): Patch[string] | undefined =>
  Object.hasOwn(patch, key) ? patch[key] : undefined;
