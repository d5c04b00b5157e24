import { expect, test } from 'vitest';
import { diagram } from '../../scripts/report/diagram.ts';
import { merge } from '../../scripts/schema/effects.ts';

test('the diagram has tables with columns, keys and references, and nothing else', () => {
  const facts = merge([
    { 'public.users': { 'column id': 'uuid NOT NULL', table: '' } },
    {
      'type public.mood': "AS ENUM ('a|b')",
      'public."Odd one"': {
        table: '',
        'column id': 'uuid NOT NULL DEFAULT gen_random_uuid()',
        'column user_id': 'uuid NULL',
        'column owner_id': 'uuid NOT NULL',
        'column "x y"': 'bit varying(3)[] NOT NULL',
        'constraint k': 'PRIMARY KEY (id)',
        'constraint f': 'FOREIGN KEY (user_id) REFERENCES public.users(id)',
        'constraint g': 'FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE',
        'index i': 'USING btree (user_id)',
      },
      'public.v': { view: 'SELECT 1 AS a', 'column a': 'integer' },
    },
  ]);
  const text = diagram('0001_a', facts);
  expect(text).toContain('# The schema after 0001_a\n');
  expect(text.slice(text.indexOf('```mermaid'))).toBe(`\`\`\`mermaid
erDiagram
  "public.users" {
    uuid id
  }
  "public.Odd one" {
    uuid id PK
    uuid user_id FK
    uuid owner_id FK
    bit_varying(3)[] x_y
  }
  "public.users" |o--o{ "public.Odd one" : "user_id"
  "public.users" ||--o{ "public.Odd one" : "owner_id"
\`\`\`
`);
});

test('the diagram of a project without tables is empty', () => {
  expect(diagram('0000_prerequisites', new Map())).toContain('```mermaid\nerDiagram\n```');
});
