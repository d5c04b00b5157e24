type Facts = ReadonlyMap<string, ReadonlyMap<string, string>>;

const FOREIGN_KEY = /^FOREIGN KEY \((.+?)\) REFERENCES (.+?)\(/;

/** The expected schema at a version, as a Mermaid diagram in Markdown (mermaid.js.org, "Entity Relationship Diagrams"). */
export function diagram(version: string, facts: Facts): string {
  const tables = [...facts].filter(([, parts]) => parts.has('table'));
  const entities = tables.flatMap(([table, parts]) => {
    const keys = definitions(parts, 'constraint');
    const isKey = (pattern: RegExp, column: string): boolean =>
      keys.some(([, definition]) => pattern.exec(definition)?.[1]?.split(', ').includes(column));
    const columns = definitions(parts, 'column').map(([column, definition]) => {
      const type = definition.replace(/ (?:NOT NULL|NULL|NOT VALID)\b.*/s, '');
      const marks = [
        isKey(/^PRIMARY KEY \((.+?)\)/, column) ? 'PK' : '',
        isKey(FOREIGN_KEY, column) ? 'FK' : '',
      ];
      return `    ${word(type)} ${word(column)} ${marks.filter((mark) => mark !== '').join(', ')}`.trimEnd();
    });
    return [`  "${plain(table)}" {`, ...columns, '  }'];
  });
  const references = tables.flatMap(([table, parts]) =>
    definitions(parts, 'constraint').flatMap(([, definition]) => {
      const [, columns = '', other] = FOREIGN_KEY.exec(definition) ?? [];
      if (other === undefined) return [];
      const isOptional = columns
        .split(', ')
        .some((column) =>
          / NULL\b/.test(parts.get(`column ${column}`)?.replace(' NOT NULL', '') ?? ''),
        );
      return [
        `  "${plain(other)}" ${isOptional ? '|o' : '||'}--o{ "${plain(table)}" : "${plain(columns)}"`,
      ];
    }),
  );
  return `# The schema after ${version}

Written by \`npm run migrate snapshot\` from the effects beside it. Of tables that the application creates, only what
effects and prerequisites name is shown.

\`\`\`mermaid
${['erDiagram', ...entities, ...references].join('\n')}
\`\`\`
`;
}

/** The parts of one noun, by their names. */
const definitions = (
  parts: ReadonlyMap<string, string>,
  noun: string,
): [name: string, definition: string][] =>
  [...parts].flatMap(([part, definition]) =>
    part.startsWith(`${noun} `) ? [[part.slice(noun.length + 1), definition]] : [],
  );

const plain = (text: string): string => text.replaceAll('"', '');
const word = (text: string): string => plain(text).replaceAll(/[^\w()[\]-]+/g, '_');
