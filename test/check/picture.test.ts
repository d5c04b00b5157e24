import { expect, test } from 'vitest';
import { picture } from '../../scripts/report/diagram.js';

test('the picture of an empty project', () => {
  expect(picture([['0000_prerequisites', {}]])).toBe(`# The schema after 0000_prerequisites

Written by \`npm run migrate snapshot\` from the effects beside it. Of tables that somebody else created, only what effects
and prerequisites name is shown.

\`\`\`mermaid
erDiagram
\`\`\`
`);
});

test('what is gone is left out, what was changed names both, and what is no table comes last', () => {
  const column = (type: string) => ({ type, null: false });
  const text = picture([
    ['0000_prerequisites', { tables: { 'public.users': { columns: { id: column('uuid') } } } }],
    [
      '0001_a',
      {
        types: { 'public.mood': `enum ('a|b')` },
        tables: {
          'public."Odd one"': {
            kind: 'table',
            columns: { id: column('uuid'), user_id: { type: 'uuid', null: true }, '"x y"': column('bit varying(3)[]') },
            constraints: { k: 'PRIMARY KEY (id)', f: 'FOREIGN KEY (user_id) REFERENCES public.users(id)' },
            indexes: { i: 'btree (user_id)' },
          },
          'public.gone': { kind: 'table' },
        },
      },
    ],
    [
      '0002_b',
      {
        tables: {
          'public."Odd one"': { columns: { user_id: { null: false } }, indexes: { i: null } },
          'public.gone': null,
          'public.v': { kind: 'view', definition: 'SELECT 1;' },
        },
      },
    ],
  ]);
  expect(text.slice(text.indexOf('```mermaid'))).toBe(`\`\`\`mermaid
erDiagram
  "public.users" {
    uuid id
  }
  "public.Odd one" {
    uuid id PK
    uuid user_id FK
    bit_varying(3)[] x_y
  }
  "public.v" {
  }
  "public.users" ||--o{ "public.Odd one" : "user_id"
\`\`\`

## public.users

| | | from |
|---|---|---|
| column \`id\` | \`uuid, not null\` | [0000](0000_prerequisites.json) |

## public."Odd one"

| | | from |
|---|---|---|
| table |  | [0001](0001_a.json) |
| column \`id\` | \`uuid, not null\` | [0001](0001_a.json) |
| column \`user_id\` | \`uuid, not null\` | [0001](0001_a.json), [0002](0002_b.json) |
| column \`"x y"\` | \`bit varying(3)[], not null\` | [0001](0001_a.json) |
| constraint \`k\` | \`PRIMARY KEY (id)\` | [0001](0001_a.json) |
| constraint \`f\` | \`FOREIGN KEY (user_id) REFERENCES public.users(id)\` | [0001](0001_a.json) |

## public.v

| | | from |
|---|---|---|
| view | \`view, definition SELECT 1;\` | [0002](0002_b.json) |

## public.mood

| | | from |
|---|---|---|
| type | \`enum ('a\\|b')\` | [0001](0001_a.json) |
`);
});
