import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { testProject, type Files } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';

const sql = (up: string, down = 'SELECT 1') =>
  `export function up(pgm) { pgm.sql(\`${up}\`); }\nexport function down(pgm) { pgm.sql(\`${down}\`); }\n`;
const users = (more: object) => ({ tables: { 'public.users': more } });
const text = { type: 'text', null: true };

async function stage(base: string, files: Files) {
  const database = await testDatabase({ base: false });
  await database.query(base);
  const root = testProject({
    'migrations/schema/0000_prerequisites.json': users({ kind: 'table', columns: { s: text } }),
    ...files,
  });
  const run = async (line: string) => (await call([...line.split(' '), '--json'], { url: database.url, root })).json();
  return { database, root, run };
}

test('a shared table whose kind is not written down is compared in its parts all the same', async () => {
  const { database, run } = await stage('CREATE TABLE users (s text)', {
    'migrations/schema/0000_prerequisites.json': users({}),
    'migrations/0001_a.ts': sql('CREATE INDEX i ON users (s)', 'DROP INDEX i'),
    'migrations/schema/0001_a.json': users({ indexes: { i: 'btree (s)' } }),
  });
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  await database.query('DROP INDEX i');
  expect(await run('check')).toMatchObject({
    exitCode: 6,
    differences: [{ kind: 'missing', object: 'index public.i' }],
  });
});

test.for([
  ['a default that was to go', "s text DEFAULT 'x'", 'SELECT 1', { columns: { s: { default: null } } }],
  [
    'a column removed and made anew, with more than was said',
    's text',
    `ALTER TABLE users DROP s, ADD s text COLLATE "C"`,
    { columns: { s: null } },
    { columns: { s: text } },
  ],
] as const)('%s, of a shared table, is seen', async ([, columns, up, effect, then]) => {
  const { run } = await stage(`CREATE TABLE users (${columns})`, {
    'migrations/0001_a.ts': sql(then === undefined ? up : 'ALTER TABLE users DROP s'),
    'migrations/schema/0001_a.json': users(effect),
    ...(then === undefined
      ? {}
      : {
          'migrations/0002_b.ts': sql('ALTER TABLE users ADD s text COLLATE "C"'),
          'migrations/schema/0002_b.json': users(then),
        }),
  });
  expect(await run('up')).toMatchObject({ exitCode: 6, differences: [{ object: 'column public.users.s' }] });
});

test('what a `down` leaves behind on a shared table is seen', async () => {
  const { run } = await stage('CREATE TABLE users (s text)', {
    'migrations/0001_a.ts': sql("ALTER TABLE users ALTER s SET DEFAULT 'x', ENABLE ROW LEVEL SECURITY"),
    'migrations/schema/0001_a.json': users({ rowSecurity: 'enabled', columns: { s: { default: "'x'::text" } } }),
  });
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await run('down')).toMatchObject({
    exitCode: 6,
    differences: [{ object: 'table public.users' }, { object: 'column public.users.s' }],
  });
});

test('prerequisites that one migration changed do not stand in the way of the next', async () => {
  const { run } = await stage(
    'CREATE TABLE users (s text NOT NULL, t text, CONSTRAINT c CHECK (t > $$a$$)); CREATE TABLE old ()',
    {
      'migrations/schema/0000_prerequisites.json': {
        tables: {
          'public.users': {
            kind: 'table',
            columns: { s: { type: 'text', null: false }, t: text },
            constraints: { c: "CHECK ((t > 'a'::text))" },
          },
          'public.old': { kind: 'table' },
        },
      },
      'migrations/0001_a.ts': sql(
        'ALTER TABLE users ALTER s DROP NOT NULL, DROP t; DROP TABLE old',
        "ALTER TABLE users ADD t text, ALTER s SET NOT NULL; ALTER TABLE users ADD CONSTRAINT c CHECK (t > 'a'); CREATE TABLE old ()",
      ),
      'migrations/schema/0001_a.json': {
        tables: {
          'public.users': { columns: { s: { null: true }, t: null }, constraints: { c: null } },
          'public.old': null,
        },
      },
      'migrations/0002_b.ts': sql('ALTER TABLE users ALTER s TYPE varchar', 'ALTER TABLE users ALTER s TYPE text'),
      'migrations/schema/0002_b.json': users({ columns: { s: { type: 'character varying' } } }),
    },
  );
  expect(await run('up 1')).toMatchObject({ exitCode: 0 });
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await run('down 2')).toMatchObject({ exitCode: 0, reverted: [{}, {}] });
});

test('a prerequisite column is not another one of the same type', async () => {
  const { run } = await stage('CREATE TABLE users (other text)', {
    'migrations/0001_a.ts': sql('CREATE TABLE a ()'),
    'migrations/schema/0001_a.json': { tables: { 'public.a': { kind: 'table' } } },
  });
  expect(await run('up')).toMatchObject({ exitCode: 3, error: { code: 'obstacles' } });
});

test('views and materialized views have no data of their own that could be lost', async () => {
  const { run } = await stage("CREATE TABLE users (s text); INSERT INTO users VALUES ('a')", {
    'migrations/0001_a.ts': sql(
      'CREATE VIEW v AS SELECT s FROM users; CREATE MATERIALIZED VIEW m AS SELECT s FROM users',
      'DROP VIEW v; DROP MATERIALIZED VIEW m',
    ),
    'migrations/schema/0001_a.json': {
      tables: {
        'public.v': { kind: 'view', definition: 'SELECT s FROM public.users;', columns: { s: { type: 'text' } } },
        'public.m': {
          kind: 'materialized view',
          definition: 'SELECT s FROM public.users;',
          columns: { s: { type: 'text' } },
        },
      },
    },
  });
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await run('down')).toMatchObject({ exitCode: 0, outcome: 'reverted' });
});

test('a number of a migration that is not there is no count', async () => {
  const { run } = await stage('CREATE TABLE users (s text)', {
    'migrations/0001_a.ts': sql('CREATE TABLE a ()', 'DROP TABLE a'),
    'migrations/schema/0001_a.json': { tables: { 'public.a': { kind: 'table' } } },
  });
  expect(await run('up 0009')).toMatchObject({ exitCode: 2, error: { code: 'unknown-migration' } });
  expect(await run('up 0001')).toMatchObject({ exitCode: 0, outcome: 'applied' });
  expect(await run('down 0003')).toMatchObject({ exitCode: 2, error: { code: 'unknown-migration' } });
});
