import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { interrupted } from '../../scripts/cli/process.ts';
import { call, report } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { plainRole } from '../support/plain-role.ts';
import { migration, stateOf, testProject, write, type Files } from '../support/project.ts';
import { createDatabase, testDatabase } from '../support/test-database.ts';
import { expectRefused, nowhere, refused } from './refused.ts';

const BASE = 'test/fixtures/base-schema.sql';
const users = 'CREATE TABLE public.users (id uuid NOT NULL, name text);';
const up = (statements: string) => migration(`pgm.sql(\`${statements}\`);`);

/** The database to which `snapshot` connects, and which it must not change. */
let database: Database;
let before: unknown[];
/** The role that runs all snapshots. It owns the scratch databases, so the last test can find them. */
const owner = `owner_${randomBytes(4).toString('hex')}`;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  await database.query(`CREATE ROLE ${owner} SUPERUSER LOGIN PASSWORD 'of-the-test'`);
  const login = { username: owner, password: 'of-the-test' };
  url = Object.assign(new URL(database.url), login).href;
  before = await stateOf(database);
});
afterAll(async () => {
  await database.query(`DROP ROLE ${owner}`);
  await database.drop();
});

const effectOf = (root: string, name: string) =>
  JSON.parse(readFileSync(join(root, `migrations/schema/${name}.json`), 'utf8')) as unknown;
const snapshot = (root: string) => call(['snapshot'], { root, url });

test('snapshot writes the effects, the prerequisites and the diagram, and names these files', async () => {
  const root = testProject({
    [BASE]: `${users} CREATE TABLE public.others (id integer);`,
    'migrations/0001_a.ts': up(`CREATE TABLE a (id uuid NOT NULL, note text);
      ALTER TABLE users ALTER name SET NOT NULL`),
    'migrations/0002_b.ts': up('ALTER TABLE a DROP note; CREATE INDEX by_id ON a (id)'),
    'migrations/0003_c.ts': up("COMMENT ON TABLE a IS 'nothing that the check sees'"),
    'migrations/0004_d.ts': up('DROP TABLE a'),
  });
  const { code, stdout, stderr } = await snapshot(root);
  expect([code, stderr]).toEqual([0, '']);
  const effects = {
    '0000_prerequisites': { 'public.users': { 'column name': 'text NULL' } },
    '0001_a': {
      'public.users': { 'column name': 'text NOT NULL' },
      'public.a': { table: '', 'column id': 'uuid NOT NULL', 'column note': 'text NULL' },
    },
    '0002_b': { 'public.a': { 'column note': null, 'index by_id': 'USING btree (id)' } },
    '0003_c': {},
    '0004_d': { 'public.a': null },
  };
  for (const [name, effect] of Object.entries(effects)) {
    expect(stdout).toContain(`\n  migrations/schema/${name}.json\n`);
    expect(effectOf(root, name)).toEqual(effect);
  }
  expect(stdout).toContain('\n  migrations/schema/README.md\n');
  expect(readFileSync(join(root, 'migrations/schema/README.md'), 'utf8')).toContain('erDiagram');
  expect((await snapshot(root)).stdout).toBe('the effect files are up to date\n');
  write(root, { 'migrations/schema/0002_b.json': {} });
  expect((await report('snapshot', { root, url })).output).toBe('migrations/schema/0002_b.json');
});

test('if a migration removes one of two equal constraints, both are prerequisites', async () => {
  const base =
    'CREATE TABLE t (a integer CONSTRAINT k UNIQUE); ALTER TABLE t ADD CONSTRAINT l UNIQUE (a)';
  const root = testProject({
    [BASE]: base,
    'migrations/0001_a.ts': up('ALTER TABLE t DROP CONSTRAINT l'),
  });
  expect((await snapshot(root)).code).toBe(0);
  const both = { 'constraint l': 'UNIQUE (a)', 'constraint k': 'UNIQUE (a)' };
  expect(effectOf(root, '0000_prerequisites')).toEqual({ 'public.t': both });
  const fresh = await testDatabase();
  await fresh.query(base);
  expect(await report('up --strict', { root, url: fresh.url })).toMatchObject({ error: null });
});

test('an effect names a function that its migration dropped, or replaced by an equal one', async () => {
  const f = `CREATE OR REPLACE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'`;
  const files = { 'migrations/0001_a.ts': up(f), 'migrations/0002_b.ts': up('DROP FUNCTION f()') };
  const root = testProject({ [BASE]: `${f};`, ...files });
  expect(await snapshot(root)).toMatchObject({ code: 0, stderr: '' });
  const definition: unknown = expect.stringContaining('RETURNS trigger');
  expect(effectOf(root, '0001_a')).toEqual({ 'function public.f()': definition });
  expect(effectOf(root, '0002_b')).toEqual({ 'function public.f()': null });
});

test('snapshot says that roles, their settings and memberships stay on the server', async () => {
  const role = `role_${randomBytes(4).toString('hex')}`;
  onTestFinished(async () => {
    await database.query(`DROP ROLE IF EXISTS ${role}`);
  });
  const sql = `CREATE ROLE ${role}; ALTER ROLE ${role} SET lock_timeout = 5;
    GRANT pg_monitor TO ${role}; SET ROLE ${role}`;
  const { code, stdout } = await snapshot(testProject({ 'migrations/0001_a.ts': up(sql) }));
  expect(code).toBe(0);
  expect(stdout).toMatch(/roles .* stay on that server/i);
  const left = `SELECT rolconfig FROM pg_roles r JOIN pg_auth_members ON member = r.oid WHERE rolname = $1`;
  expect(await database.query(left, [role])).toEqual([{ rolconfig: ['lock_timeout=5'] }]);
});

test('the message names what failed: a migration, a file, a role that may not create databases', async () => {
  const files = { 'migrations/0001_a.ts': up('CREATE TABLE a ()') };
  const root = testProject({ ...files, 'migrations/0002_b.ts': files['migrations/0001_a.ts'] });
  const texts = ['migrations/0002_b.ts', 'test/fixtures/base-schema.sql', 'statement:\n  CREATE'];
  await expectRefused('snapshot', { root, url }, 'migration-failed', ...texts);
  expect(readdirSync(join(root, 'migrations/schema'))).toEqual(['0000_prerequisites.json']);

  const code = `export const up = () => { throw 'a text'; }, down = false;`;
  const thrown = await snapshot(testProject({ 'migrations/0001_a.ts': code }));
  expect(thrown.stderr).toContain("0001_a.ts failed: 'a text'\n");

  const caught = `await pgm.db.query('nonsense').catch(() => undefined);`;
  const aborted = testProject({ 'migrations/0001_a.ts': migration(caught) });
  await expectRefused('snapshot', { root: aborted, url }, 'migration-failed', '25P02');
  const [other, effect] = [testProject(files), 'migrations/schema/0001_a.json'];
  symlinkSync('/nowhere/at/all', join(other, effect));
  await expectRefused('snapshot', { root: other, url }, 'not-writable', effect);

  const role = await plainRole(database);
  const { exitCode, error } = await refused('snapshot', { root, url: role.url });
  expect([exitCode, error.sqlstate]).toEqual([3, '42501']);
  expect(error.hint).toContain('CREATEDB');
});

test('prerequisites that cannot be read are refused, and not overwritten', async () => {
  const file = 'migrations/schema/0000_prerequisites.json';
  const root = testProject({ [file]: '<<<<<<< HEAD\n{}\n' });
  const { error } = await refused('snapshot', { root, url: nowhere });
  expect([error.code, error.message]).toEqual(['bad-file', expect.stringContaining(file)]);
  expect(error.hint).not.toContain('snapshot');
  expect(readFileSync(join(root, file), 'utf8')).toContain('<<<<<<<');
});

test('a base schema that contradicts the prerequisites is refused', async () => {
  const given = { 'public.users': { table: '', 'column id': 'text NULL' } };
  const root = testProject({ [BASE]: users, 'migrations/schema/0000_prerequisites.json': given });
  await expectRefused('snapshot', { root, url }, 'bad-file', `${BASE} is not valid: column`);
});

const SEARCH_PATH = `SELECT pg_catalog.set_config('search_path', '', false);`;
const settings = { '.node-pg-migraterc.json': { 'migrations-schema': 'Internal' } };
test.for<[string, string, Files?]>([
  ['what pg_dump writes', `\\restrict x\n\n${SEARCH_PATH}\n${users}\n\\unrestrict x\n-- end`],
  ['a byte order mark, and the line ends of Windows', `\uFEFF\\connect app\r\n${users}\r\n`],
  ['no schema for the migrations table', users, settings],
])('a base schema with %s is loaded', async ([, sql, more = {}]) => {
  const text = migration('pgm.addColumn("users", { age: "integer" });');
  const root = testProject({ [BASE]: sql, 'migrations/0001_a.ts': text, ...more });
  expect(await report('snapshot', { root, url })).toMatchObject({ error: null });
  expect(effectOf(root, '0001_a')).toEqual({ 'public.users': { 'column age': 'integer NULL' } });
});

test('on the scratch database are the schema of the settings, and the migrations table', async () => {
  const root = testProject({
    '.node-pg-migraterc.json': { schema: 'app' },
    'migrations/0001_a.ts': up('CREATE TABLE a (); COMMENT ON TABLE pgmigrations IS NULL'),
  });
  expect(await report('snapshot', { root, url })).toMatchObject({ error: null });
  expect(effectOf(root, '0001_a')).toEqual({ 'app.a': { table: '' } });
});

test.for([
  ['rows for COPY', `${users}\nCOPY public.users (id) FROM stdin;\n1\n\\.\n`, 3],
  ['rows for COPY, after a byte order mark', `\uFEFF\n\ncopy users FROM stdin;\n1\n\\.\n`, 4],
  ['a syntax error', `${users}\n\nCREATE TABEL x ();`, 3],
  ['a table that is missing', `${users}\nALTER TABLE y ADD x int;`, undefined],
] as const)('the message about a base schema with %s has file and line', async ([, sql, line]) => {
  const root = testProject({ [BASE]: sql, 'migrations/0001_a.ts': up('SELECT') });
  const place = line === undefined ? BASE : `${BASE}:${line} `;
  await expectRefused('snapshot', { root, url }, 'base-schema', place);
});

test('a signal ends snapshot with its exit code', async () => {
  const controller = new AbortController();
  const root = testProject({ 'migrations/0001_a.ts': up('SELECT pg_sleep(600)') });
  const running = call(['snapshot'], { root, url, signal: controller.signal });
  await eventually('a migration at work', async () => {
    const sleeping = 'FROM pg_stat_activity WHERE usename = $1 AND query LIKE $2';
    return (await database.query(`SELECT ${sleeping}`, [owner, '%pg_sleep%'])).length > 0;
  });
  controller.abort(interrupted('SIGINT'));
  expect((await running).code).toBe(130);
});

test('none of these tests changed the database, or left a scratch database behind', async () => {
  expect(await stateOf(database)).toEqual(before);
  const scratch = `SELECT datname FROM pg_database WHERE datdba = '${owner}'::regrole`;
  expect(await database.query(scratch)).toEqual([]);
});
