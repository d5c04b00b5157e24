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

/** An object of a schema, on its own. */
export interface SchemaObject {
  /** Unique in a schema, and the same for the same object in another one. */
  readonly id: string;
  /** As a person calls it: "column public.user_workflows.template_id". */
  readonly title: string;
  readonly section: Section;
  /** The name in its section; for a part, that of its table. */
  readonly key: string;
  readonly part?: Part;
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

/** Every object of a schema by its id; tables come before their parts. */
export function objectsOf(schema: Schema): Map<string, SchemaObject> {
  const objects = new Map<string, SchemaObject>();
  for (const section of Object.keys(sections) as Section[])
    for (const [key, value] of Object.entries(schema[section] ?? {})) {
      const { own, byPart } = splitRelation(section, value);
      const kind = typeof own === 'string' ? undefined : own['kind'];
      const id = objectId(section, key);
      objects.set(id, { id, title: objectTitle(section, key, kind), section, key, state: own });
      for (const [part, byName] of byPart)
        for (const [name, state] of Object.entries(byName)) {
          const partId = objectId(section, key, part, name);
          const title = objectTitle(section, key, undefined, part, name);
          objects.set(partId, { id: partId, title, section, key, part, state });
        }
    }
  return objects;
}

function splitRelation(section: Section, value: State | Relation) {
  if (section !== 'tables' || typeof value === 'string') return { own: value as State, byPart: [] };
  const own: Record<string, string | boolean> = {};
  const byPart: [Part, Record<string, State>][] = [];
  for (const [key, inner] of Object.entries(value))
    if (typeof inner === 'object') byPart.push([key as Part, inner]);
    else own[key] = inner;
  return { own, byPart };
}
