type Parts = ReadonlyMap<string, string>;

/** The schema as Markdown, with a Mermaid diagram (mermaid.js.org, "Entity Relationship Diagrams"). */
export function diagram(version: string, facts: ReadonlyMap<string, Parts>): string {
  const tables = [...facts].filter(([, parts]) => parts.has('table'));
  return `# The schema after ${version}

Written by \`npm run migrate snapshot\` from the effects beside it. Of tables that the application creates, only
what effects and prerequisites name is shown.

\`\`\`mermaid
${['erDiagram', ...tables.flatMap(entity), ...tables.flatMap(references)].join('\n')}
\`\`\`
`;
}

const plain = (text: string) => text.replaceAll('"', '');
const word = (text: string) => plain(text).replaceAll(/[^\w()[\]-]+/g, '_');

function entity([table, parts]: readonly [string, Parts]): string[] {
  const keys = [...parts.values()].map((text) => /^(PRIMARY|FOREIGN) KEY \((.+?)\)/.exec(text));
  const columns = [...parts].flatMap(([part, definition]) => {
    const column = /^column (.*)$/s.exec(part)?.[1];
    if (column === undefined) return [];
    const type = definition.replace(/ (NOT NULL|NULL|NOT VALID)\b.*/s, '');
    const own = keys.filter((key) => key?.[2]?.split(', ').includes(column));
    const marks = own.map((key) => (key?.[1] === 'PRIMARY' ? 'PK' : 'FK'));
    return [`    ${word(type)} ${word(column)} ${marks.join(', ')}`.trimEnd()];
  });
  return [`  "${plain(table)}" {`, ...columns, '  }'];
}

const references = ([table, parts]: readonly [string, Parts]) =>
  [...parts.values()].flatMap((definition) => {
    const [, columns = '', other] =
      /^FOREIGN KEY \((.+?)\) REFERENCES (.+?)\(/.exec(definition) ?? [];
    if (other === undefined) return [];
    const isRequired = (column: string) => parts.get(`column ${column}`)?.includes(' NOT NULL');
    const cardinality = columns.split(', ').every(isRequired) ? '||' : '|o';
    return [`  "${plain(other)}" ${cardinality}--o{ "${plain(table)}" : "${plain(columns)}"`];
  });
