/** One object as the catalog shows it: attribute by attribute, or its whole definition as one string. */
export type State = string | Readonly<Record<string, string | boolean>>;

/** A table, view or materialized view: its own attributes, and its parts by name. */
export type Relation = Record<string, string | boolean | Record<string, State>>;

/** A schema: section, then object by its qualified (and where needed quoted) name. The shape of the effect files. */
export type Schema = Partial<Record<Section, Record<string, State | Relation>>>;

/** What an effect file holds: a JSON merge patch (RFC 7396) on a {@link Schema}. `null` removes. */
export type Patch = { readonly [key: string]: string | boolean | null | Patch };

/** The sections of a schema, and what one object of each is called. */
export const sections = {
  extensions: 'extension',
  types: 'type',
  sequences: 'sequence',
  functions: 'function',
  tables: 'table',
} as const;
export type Section = keyof typeof sections;

/** Names of objects, by section. */
export type Names = Partial<Record<Section, readonly string[]>>;

/** The parts of a table, and what one of each is called. */
export const parts = {
  columns: 'column',
  constraints: 'constraint',
  indexes: 'index',
  triggers: 'trigger',
  policies: 'policy',
} as const;
export type Part = keyof typeof parts;

export const isPart = (key: string): key is Part => Object.hasOwn(parts, key);

/** Whether there is more inside, rather than a value or a removal. */
export const isPatch = (value: Patch[string] | undefined): value is Patch =>
  typeof value === 'object' && value !== null;

/** Where an object is in a schema. */
interface Place {
  /** Unique in a schema, and the same for the same object in another one. */
  readonly id: string;
  readonly section: Section;
  /** The name in its section; for a part, that of its table. */
  readonly key: string;
  readonly part?: Part;
  readonly name?: string;
}

/** An object that an effect names, and what it says of it: `null` where it removes it. */
export interface Mention extends Place {
  readonly value: Patch[string];
}

/** An object of a schema, on its own. */
export interface SchemaObject extends Place {
  /** As a person calls it: "column public.user_workflows.template_id". */
  readonly title: string;
  readonly state: State;
}

/** The name of a schema in a qualified name, as it is written there, with its dot: `public.`, `"My Schema".` */
const qualifier = (name: string): string => /^(?:"(?:[^"]|"")*"|[^".]*)\./.exec(name)?.[0] ?? '';

/** The id of an object; parts are found by their table. */
export const objectId = (section: Section, key: string, part?: Part, name?: string): string =>
  part === undefined || name === undefined ? `${section}\0${key}` : `${section}\0${key}\0${part}\0${name}`;

/** What an object is called. An index is named in its schema, the other parts in their table. */
export function objectTitle(section: Section, key: string, kind?: unknown, part?: Part, name?: string): string {
  if (part === undefined || name === undefined) return `${viewKind(kind) ?? sections[section]} ${key}`;
  return `${parts[part]} ${part === 'indexes' ? qualifier(key) : `${key}.`}${name}`;
}

const viewKind = (kind: unknown): string | undefined =>
  typeof kind === 'string' && kind.endsWith('view') ? kind : undefined;

/** All that a schema or an effect has a place for, tables before their parts. */
function placesIn(patch: Patch): Mention[] {
  const found: Mention[] = [];
  for (const section of Object.keys(sections) as Section[])
    for (const [key, value] of Object.entries((patch[section] ?? {}) as Patch)) {
      found.push({ id: objectId(section, key), section, key, value });
      for (const [part, byName] of section === 'tables' && isPatch(value) ? Object.entries(value) : [])
        if (isPart(part) && isPatch(byName))
          for (const [name, state] of Object.entries(byName))
            found.push({ id: objectId(section, key, part, name), section, key, part, name, value: state });
    }
  return found;
}

/** Effects are asked what they name again and again; they never change. */
const mentioned = new WeakMap<Patch, readonly Mention[]>();

/** The objects that an effect names, tables before their parts. A table that is only a place for parts is not named. */
export function mentions(effect: Patch): readonly Mention[] {
  const known = mentioned.get(effect);
  if (known !== undefined) return known;
  const found = placesIn(effect).filter(({ part, value }) => {
    const inside = part === undefined && isPatch(value) ? Object.keys(value) : [];
    return inside.length === 0 || !inside.every(isPart);
  });
  mentioned.set(effect, found);
  return found;
}

/** Every object of a schema by its id; tables come before their parts, and without them. */
export const objectsOf = (schema: Schema): Map<string, SchemaObject> =>
  new Map(
    placesIn(schema as Patch).map(({ value, ...place }) => {
      const { id, section, key, part, name } = place;
      const own = isPatch(value) && Object.fromEntries(Object.entries(value).filter(([each]) => !isPart(each)));
      const kind = own && own['kind'];
      return [id, { ...place, title: objectTitle(section, key, kind, part, name), state: (own || value) as State }];
    }),
  );
