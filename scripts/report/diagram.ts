type Parts = ReadonlyMap<string, string>;

const FOREIGN_KEY = /^FOREIGN KEY \((.+?)\) REFERENCES (.+?)\(/;

/** The schema after a migration, as a Mermaid diagram in Markdown (mermaid.js.org, "Entity Relationship Diagrams"). */
export function diagram(version: string, facts: ReadonlyMap<string, Parts>): string {
  const tables = [...facts].filter(([, parts]) => parts.has('table'));
  const lines = [
    ...tables.flatMap(([table, parts]) => entity(table, parts)),
    ...tables.flatMap(references),
  ];
  return `# The schema after ${version}

Written by \`npm run migrate snapshot\` from the effects beside it. Of tables that the application creates, only
what effects and prerequisites name is shown.

\`\`\`mermaid
${['erDiagram', ...lines].join('\n')}
\`\`\`
`;
}

/** The parts of one noun, by their names. */
const partsOf = (parts: Parts, noun: string) =>
  [...parts].flatMap(([part, text]) =>
    part.startsWith(`${noun} `) ? [[part.slice(noun.length + 1), text] as const] : [],
  );

const plain = (text: string) => text.replaceAll('"', '');
const word = (text: string) => plain(text).replaceAll(/[^\w()[\]-]+/g, '_');

function entity(table: string, parts: Parts): string[] {
  const constraints = partsOf(parts, 'constraint').map(([, text]) => text);
  const isIn = (column: string, pattern: RegExp) =>
    constraints.some((text) => pattern.exec(text)?.[1]?.split(', ').includes(column) === true);
  const columns = partsOf(parts, 'column').map(([column, definition]) => {
    const type = definition.replace(/ (NOT NULL|NULL|NOT VALID)\b.*/s, '');
    const keys = [
      ...(isIn(column, /^PRIMARY KEY \((.+?)\)/) ? ['PK'] : []),
      ...(isIn(column, FOREIGN_KEY) ? ['FK'] : []),
    ];
    return `    ${word(type)} ${word(column)} ${keys.join(', ')}`.trimEnd();
  });
  return [`  "${plain(table)}" {`, ...columns, '  }'];
}

function references([table, parts]: readonly [string, Parts]): string[] {
  return partsOf(parts, 'constraint').flatMap(([, text]) => {
    const [, columns = '', other] = FOREIGN_KEY.exec(text) ?? [];
    const isOptional = columns
      .split(', ')
      .some((column) => !/ NOT NULL\b/.test(parts.get(`column ${column}`) ?? ''));
    return other === undefined
      ? []
      : [
          `  "${plain(other)}" ${isOptional ? '|o' : '||'}--o{ "${plain(table)}" : "${plain(columns)}"`,
        ];
  });
}
