import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadMigrations, runMigrations } from '../../scripts/runner/framework.js';
import { readProject } from '../../scripts/project/project.js';
import { readSettings } from '../../scripts/project/settings.js';
import { startProgram } from '../support/migrate.js';
import { root as repository } from '../support/root.js';
import { createsTable, setUp, step, table } from './setup.js';

const cli = join(repository, 'node_modules/node-pg-migrate/bin/node-pg-migrate.js');
const project = {
  ...createsTable('0001', 'a'),
  ...step(
    '0002_b',
    { 'public.a': { 'index i': 'USING btree (id)' } },
    `pgm.noTransaction(); pgm.createIndex('a', 'id', { name: 'i', concurrently: true });`,
    `pgm.noTransaction(); pgm.dropIndex('a', 'id', { name: 'i', concurrently: true });`,
  ),
  ...createsTable('0003', 'c'),
};

/** The framework's own command line, on the project's settings file. */
const theirs = (url: string, cwd: string, ...args: string[]) =>
  startProgram(process.execPath, [cli, ...args, '-f', '.node-pg-migraterc.json'], { url, cwd })
    .finished;

/**
 * All that node-pg-migrate 9.0.0 sends. `framework-client.ts` relies on it: if another version sends something else,
 * that file has to be looked at.
 */
describe('the framework sends', () => {
  const sent = async (direction: 'up' | 'down', tableExists: boolean) => {
    const { root } = await setUp(project);
    const settings = readSettings(root, {});
    const { migrations } = readProject(settings);
    const loaded = await loadMigrations(
      direction === 'up' ? migrations : migrations.toReversed(),
      direction,
    );
    const statements: string[] = [];
    const client = {
      query: (statement: string | { readonly text: string }) => {
        statements.push(typeof statement === 'string' ? statement : statement.text);
        const rows = tableExists ? [{}] : [];
        return Promise.resolve({ rows });
      },
      starts: ({ name }: { readonly name: string }) => statements.push(`starts ${name}`),
      sends: (isInside: boolean) => statements.push(isInside ? 'inside' : 'outside'),
    };
    await runMigrations(settings, client, loaded, direction);
    return statements.map((statement) => statement.replace(/\s+/g, ' ').trim());
  };
  const TABLE = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'pgmigrations'`;
  const KEY = `SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = 'public' AND table_name = 'pgmigrations' AND constraint_type = 'PRIMARY KEY'`;

  test('up, with a migration outside a transaction in the middle', async () => {
    expect(await sent('up', true)).toEqual([
      TABLE,
      KEY,
      'BEGIN',
      'starts 0001_a',
      'inside',
      'CREATE TABLE a (id integer);',
      `INSERT INTO "public"."pgmigrations" (name, run_on) VALUES ('0001_a', NOW());`,
      'starts 0002_b',
      'outside',
      'COMMIT;',
      'CREATE INDEX CONCURRENTLY "i" ON "a" ("id");',
      `INSERT INTO "public"."pgmigrations" (name, run_on) VALUES ('0002_b', NOW());`,
      'BEGIN;',
      'starts 0003_c',
      'inside',
      'CREATE TABLE c (id integer);',
      `INSERT INTO "public"."pgmigrations" (name, run_on) VALUES ('0003_c', NOW());`,
      'COMMIT',
    ]);
  });

  test('down', async () => {
    expect(await sent('down', true)).toEqual([
      TABLE,
      KEY,
      'BEGIN',
      'starts 0003_c',
      'inside',
      'DROP TABLE c;',
      `DELETE FROM "public"."pgmigrations" WHERE name='0003_c';`,
      'starts 0002_b',
      'outside',
      'COMMIT;',
      'DROP INDEX CONCURRENTLY "i";',
      `DELETE FROM "public"."pgmigrations" WHERE name='0002_b';`,
      'BEGIN;',
      'starts 0001_a',
      'inside',
      'DROP TABLE a;',
      `DELETE FROM "public"."pgmigrations" WHERE name='0001_a';`,
      'COMMIT',
    ]);
  });

  test('and makes its table before the first migration', async () => {
    const [first, second] = await sent('up', false);
    expect([first, second]).toEqual([
      TABLE,
      'CREATE TABLE "public"."pgmigrations" (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)',
    ]);
  });
});

test('its own command line and this program take turns', async () => {
  const { database, root, run, applied } = await setUp(project);
  expect(await theirs(database.url, root, 'up', '1')).toMatchObject({ code: 0 });
  expect(await run('check --strict')).toMatchObject({ exitCode: 0, version: '0001_a' });
  expect(await run('up')).toMatchObject({
    exitCode: 0,
    applied: [{ name: '0002_b' }, { name: '0003_c' }],
  });
  const nothing = await theirs(database.url, root, 'up');
  expect([nothing.code, nothing.stdout]).toEqual([
    0,
    expect.stringContaining('No migrations to run!'),
  ]);
  expect(await theirs(database.url, root, 'down', '1')).toMatchObject({ code: 0 });
  expect(await applied()).toEqual(['0001_a', '0002_b']);
  expect(await run('down 9')).toMatchObject({ exitCode: 0, version: null });
});

test('shorthands that a migration exports, a default export, and done() work', async () => {
  const { run } = await setUp({
    'migrations/0001_a.ts': `export const shorthands = { key: { type: 'integer', primaryKey: true } };
      export const up = (pgm) => pgm.createTable('a', { id: 'key' }); export const down = (pgm) => pgm.dropTable('a');`,
    'migrations/schema/0001_a.json': {
      'public.a': {
        table: '',
        'column id': 'integer NOT NULL',
        'constraint a_pkey': 'PRIMARY KEY (id)',
      },
    },
    'migrations/0002_b.js': `export default { up: (pgm) => pgm.sql('CREATE TABLE b (id integer)'), down: (pgm) => pgm.dropTable('b') };`,
    'migrations/schema/0002_b.json': table('b', 'id'),
    'migrations/0003_c.ts': `export function up(pgm, done) { setTimeout(() => { pgm.sql('CREATE TABLE c (id integer)'); done(); }, 5); }
      export const down = false;`,
    'migrations/schema/0003_c.json': table('c', 'id'),
  });
  expect(await run('up --strict')).toMatchObject({ exitCode: 0, version: '0003_c' });
});
