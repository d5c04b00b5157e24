import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migration, testProject } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';

test('up, check, down and up again', async () => {
  const { url } = await testDatabase({ rows: true });
  const up = await call(['up', '--json'], { url });
  expect(up.json()).toMatchObject({
    outcome: 'applied',
    exitCode: 0,
    version: '0005_index-workflow-executions',
    error: null,
  });
  expect((await call(['check', '--strict'], { url })).code).toBe(0);
  expect((await call(['down', '9', '--json'], { url })).json()).toMatchObject({ outcome: 'reverted', version: null });
  expect((await call(['up'], { url })).code).toBe(0);
});

test('a migration whose effect file is wrong is refused before it commits', async () => {
  const database = await testDatabase({ base: false });
  const folder = testProject({
    'migrations/0001_a.ts': migration(`pgm.createTable('a', { id: 'integer' });`, `pgm.dropTable('a');`),
    'migrations/schema/0001_a.json': {
      tables: { 'public.a': { kind: 'table', columns: { id: { type: 'bigint', null: true } } } },
    },
  });
  const before = await database.dump();
  const result = await call(['up', '--json'], { url: database.url, root: folder });
  expect(result.json()).toMatchObject({
    outcome: 'differs',
    exitCode: 6,
    version: null,
    differences: [{ kind: 'changed', object: 'column public.a.id', expected: 'bigint', found: 'integer' }],
  });
  expect(await database.dump()).toBe(before);
});

/** A migration that makes the table `a`, and drops it; and what it does to the schema. */
const makesA = (up: string, down: string) => ({
  'migrations/0001_a.ts': migration(up, down),
  'migrations/schema/0001_a.json': {
    tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
  },
});

test.for([
  ['one step', `pgm.sql('CREATE TABLE a (id integer)')`, `pgm.sql('DROP TABLE a')`],
  ['a comment at the end', `pgm.sql('CREATE TABLE a (id integer) -- all')`, `pgm.sql('DROP TABLE a -- all')`],
  ['a comment after it', `pgm.sql('CREATE TABLE a (id integer); -- all')`, `pgm.sql('DROP TABLE a; /* all */')`],
  [
    'several statements in one step',
    `pgm.sql('CREATE TABLE a (); ALTER TABLE a ADD id integer')`,
    `pgm.sql('DROP TABLE a')`,
  ],
  [
    'the same step twice',
    `pgm.sql('CREATE TABLE IF NOT EXISTS a (id integer)'); `.repeat(2),
    `pgm.sql('DROP TABLE IF EXISTS a'); `.repeat(2),
  ],
  ['no step', `return pgm.db.query('CREATE TABLE a (id integer)')`, `return pgm.db.query('DROP TABLE a')`],
] as const)('a migration of %s is written down once, and struck out', async ([, up, down]) => {
  const { url, query } = await testDatabase({ base: false });
  const root = testProject(makesA(up, down));
  expect(await call(['up'], { url, root })).toMatchObject({ code: 0, stderr: '' });
  expect(await query('SELECT name, length(effect_hash) AS hash FROM pgmigrations')).toEqual([
    { name: '0001_a', hash: 32 },
  ]);
  expect(await call(['down', '--allow-data-loss'], { url, root })).toMatchObject({ code: 0, stderr: '' });
  expect(await query('SELECT FROM pgmigrations')).toEqual([]);
});

test('shorthands that a migration exports are those of its columns', async () => {
  const { url } = await testDatabase({ base: false });
  const root = testProject({
    'migrations/0001_a.ts': `export const shorthands = { key: { type: 'integer', primaryKey: true } };\n${migration(
      `pgm.createTable('a', { id: 'key' });`,
      `pgm.dropTable('a');`,
    )}`,
    'migrations/schema/0001_a.json': {
      tables: {
        'public.a': {
          kind: 'table',
          columns: { id: { type: 'integer', null: false } },
          constraints: { a_pkey: 'PRIMARY KEY (id)' },
        },
      },
    },
  });
  expect((await call(['up', '--strict', '--json'], { url, root })).json()).toMatchObject({ outcome: 'applied' });
});
