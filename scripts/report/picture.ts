import { describe } from '../schema/compare.js';
import { expectation } from '../schema/effects.js';
import { mentions, objectsOf, parts, type Patch, type SchemaObject, type State } from '../schema/model.js';

/** An effect, and the name of the migration (or of the prerequisites) that it belongs to. */
type NamedEffect = readonly [name: string, effect: Patch];

/**
 * The expected schema after the last of these effects (the prerequisites are the first), for people: an
 * entity-relationship diagram, and for each table what it consists of and which effects say so. In Markdown, to lie
 * beside the effects.
 */
export function picture(effects: readonly NamedEffect[]): string {
  const { schema } = expectation(
    {},
    effects.map(([, effect]) => effect),
  );
  const all = [...objectsOf(schema).values()];
  const sources = new Map<string, string[]>();
  for (const [name, effect] of effects)
    for (const { id } of mentions(effect)) sources.set(id, [...(sources.get(id) ?? []), name]);
  // A table that only bears what effects name is not named itself.
  const objects = all.filter(({ id }) => sources.has(id));
  const row = (object: SchemaObject) =>
    `| ${nameOf(object)} | ${code(describe(object.state))} | ${(sources.get(object.id) ?? [])
      .map((name) => `[${name.split('_')[0] ?? name}](${name}.json)`)
      .join(', ')} |`;
  const tables = Object.keys(schema.tables ?? {}).map((key) =>
    [`## ${key}`, HEAD, ...objects.filter((object) => object.section === 'tables' && object.key === key).map(row)].join(
      '\n',
    ),
  );
  const others = objects.filter(({ section }) => section !== 'tables');
  const rest = others.map((object) => [`## ${object.key}`, HEAD, row(object)].join('\n'));
  return `${[
    `# The schema after ${effects.at(-1)?.[0] ?? 'nothing'}`,
    'Written by `npm run migrate snapshot` from the effects beside it. Of tables that somebody else created, only what effects\nand prerequisites name is shown.',
    diagram(all),
    ...tables,
    ...rest,
  ].join('\n\n')}\n`;
}

const HEAD = '\n| | | from |\n|---|---|---|';

/** What an object is called under the heading of its table, or its own. */
function nameOf({ title, key, part }: SchemaObject): string {
  if (part === undefined) return title.slice(0, -key.length - 1);
  const noun = parts[part];
  const name = title.slice(noun.length + 1);
  return `${noun} \`${name.startsWith(`${key}.`) ? name.slice(key.length + 1) : name}\``;
}

/** A table's own words say no more than that it is one. */
const code = (text: string): string => (text === '' || text === 'table' ? '' : `\`${text.replaceAll('|', '\\|')}\``);

const definitionOf = (state: State): string => (typeof state === 'string' ? state : '');
const FOREIGN_KEY = /^FOREIGN KEY \((.+?)\) REFERENCES (.+?)\(/;
const PRIMARY_KEY = /^PRIMARY KEY \((.+)\)/;

/** A Mermaid diagram of tables, their columns and foreign keys (mermaid.js.org, "Entity Relationship Diagrams"). */
function diagram(objects: readonly SchemaObject[]): string {
  const tables = objects.filter(({ section, part }) => section === 'tables' && part === undefined);
  const partsOf = (part: string, key?: string) =>
    objects.filter((object) => object.part === part && (key === undefined || object.key === key));
  const plain = (text: string) => text.replaceAll('"', '');
  const word = (text: string) => plain(text).replaceAll(/[^\w()[\]-]+/g, '_');
  const keysOf = (pattern: RegExp, key: string) =>
    partsOf('constraints', key).flatMap(({ state }) => pattern.exec(definitionOf(state))?.[1]?.split(', ') ?? []);
  const entities = tables.flatMap(({ key }) => [
    `  "${plain(key)}" {`,
    ...partsOf('columns', key).map((column) => {
      const { name = '' } = column;
      const type = typeof column.state === 'string' ? column.state : String(column.state['type']);
      const marks = [
        keysOf(PRIMARY_KEY, key).includes(name) ? 'PK' : '',
        keysOf(FOREIGN_KEY, key).includes(name) ? 'FK' : '',
      ];
      return `    ${word(type)} ${word(name)} ${marks.filter((mark) => mark !== '').join(', ')}`.trimEnd();
    }),
    '  }',
  ]);
  const references = partsOf('constraints').flatMap(({ key, state }) => {
    const [, columns = '', other] = FOREIGN_KEY.exec(definitionOf(state)) ?? [];
    if (other === undefined) return [];
    const isOptional = partsOf('columns', key).some(
      (column) =>
        columns.split(', ').includes(column.name ?? '') &&
        typeof column.state !== 'string' &&
        column.state['null'] === true,
    );
    return [`  "${plain(other)}" ${isOptional ? '|o' : '||'}--o{ "${plain(key)}" : "${plain(columns)}"`];
  });
  return ['```mermaid', 'erDiagram', ...entities, ...references, '```'].join('\n');
}
