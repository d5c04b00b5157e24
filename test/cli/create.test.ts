import { existsSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migration, testProject, write } from '../support/project.js';
import { root as repository } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';

const template = readFileSync(join(repository, 'scripts/template.ts'), 'utf8');
const project = (files: Record<string, string | object> = {}) =>
  testProject({ 'scripts/template.ts': template, ...files });
const read = (root: string, file: string) => readFileSync(join(root, file), 'utf8');

test('it makes the pair with the next number, and says what to do next', async () => {
  const root = project({ 'migrations/0009_a.ts': '', 'migrations/schema/0009_a.json': {} });
  const { code, stdout, stderr } = await call(['create', 'add-tags'], { root });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe(`made
  migrations/0010_add-tags.ts
  migrations/schema/0010_add-tags.json

Write up and down. Then let its effect be taken, and read it in the diff:  npm run migrate snapshot
`);
  expect(read(root, 'migrations/0010_add-tags.ts')).toBe(template);
  expect(JSON.parse(read(root, 'migrations/schema/0010_add-tags.json'))).toEqual({});
});

test('the first migration of a project, and a name of several words', async () => {
  const root = project();
  expect((await call(['create', 'Add', 'user_tags now'], { root })).code).toBe(0);
  expect(readdirSync(join(root, 'migrations')).sort()).toEqual(['0001_add-user-tags-now.ts', 'schema']);
});

test.for(['../up', 'ünder', 'a/b', '-', 'a.b', '; rm'])('"%s" is no name, and nothing is made', async (name) => {
  const root = project();
  expect((await call(['create', '--', name], { root })).code).toBe(2);
  expect(readdirSync(join(root, 'migrations'))).toEqual(['schema']);
});

test('what is there already is not written over', async () => {
  const root = project({ 'migrations/schema/0001_a.json': { tables: {} } });
  const { code, stderr } = await call(['create', 'a'], { root });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'failed: migrations/schema/0001_a.json is there already\n\nChoose another name.\n',
  });
  expect(existsSync(join(root, 'migrations/0001_a.ts'))).toBe(false);
  expect(JSON.parse(read(root, 'migrations/schema/0001_a.json'))).toEqual({ tables: {} });
});

test('the template shows the safe ways', () => {
  for (const word of ['NOT VALID', 'VALIDATE CONSTRAINT', 'concurrently: true', 'pgm.noTransaction()', 'down'])
    expect(template).toContain(word);
});

test('until its effect is taken, a run of it is refused; snapshot takes it, and the run goes through', async () => {
  const { url } = await testDatabase({ base: false });
  const root = project();
  await call(['create', 'make-a-table'], { root });
  write(root, {
    'migrations/0001_make-a-table.ts': `export function up(pgm) { pgm.createTable('a', { id: { type: 'int', notNull: true } }); }
export function down(pgm) { pgm.dropTable('a'); }\n`,
  });
  expect((await call(['up'], { url, root })).stderr).toContain(
    'says that nothing changes, but migrations/0001_make-a-table.ts changes the schema',
  );
  const snapshot = await call(['snapshot'], { url, root });
  expect(snapshot).toMatchObject({ code: 0, stderr: '' });
  expect(snapshot.stdout).toContain('0001_make-a-table.json');
  expect(JSON.parse(read(root, 'migrations/schema/0001_make-a-table.json'))).toEqual({
    tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: false } } } },
  });
  expect((await call(['up', '--strict'], { url, root })).code).toBe(0);
  expect((await call(['snapshot'], { url, root })).stdout).toBe('the effect files are what the migrations do\n');
});

test.each([
  '/* a table */ CREATE TABLE a (id integer)',
  '-- a table\\nCREATE TABLE a (id integer)',
  'SELECT 1; CREATE TABLE a (id integer)',
])('an effect that says nothing of what a migration changes is refused: %s', async (sql) => {
  const root = testProject({
    'migrations/0001_a.ts': migration(`pgm.sql('${sql}');`, `pgm.dropTable('a');`),
    'migrations/schema/0001_a.json': {},
  });
  const { url } = await testDatabase({ base: false });
  expect((await call(['up', '--json'], { url, root })).json()).toMatchObject({
    exitCode: 2,
    error: { code: 'effect-empty' },
  });
});

test('an effect that only names a table, since the check does not see the change, is left as it is', async () => {
  const named = { tables: { 'public.a': {} } };
  const root = testProject({
    'migrations/0001_a.ts': migration(`pgm.createTable('a', { id: 'integer' });`, `pgm.dropTable('a');`),
    'migrations/schema/0001_a.json': {},
    'migrations/0002_b.ts': migration(`pgm.sql("COMMENT ON TABLE a IS 'x'");`, ''),
    'migrations/schema/0002_b.json': named,
  });
  const { url } = await testDatabase({ base: false });
  expect((await call(['snapshot'], { url, root })).code).toBe(0);
  expect(JSON.parse(read(root, 'migrations/schema/0002_b.json'))).toEqual(named);
  expect((await call(['up'], { url, root })).code).toBe(0);
});

test('a template that is not there, or cannot be read: said by name, and nothing is made', async () => {
  const root = testProject({});
  const missing = await call(['create', 'add-tags', '--verbose'], { root });
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(
    /^failed: the template scripts\/template\.ts cannot be read: it does not exist\n\nIts name is "template-file-name" in \.node-pg-migraterc\.json\.\n/,
  );
  expect(missing.stderr, '--verbose shows where').toMatch(/\n {4}at /);
  const folder = testProject({ 'scripts/template.ts/inside': '' });
  expect((await call(['create', 'add-tags', '--json'], { root: folder })).json()).toMatchObject({
    exitCode: 2,
    error: { code: 'template-missing', message: 'the template scripts/template.ts cannot be read: it is a folder' },
  });
  for (const made of [root, folder]) expect(readdirSync(join(made, 'migrations'))).toEqual(['schema']);
});

test('a file that cannot be written is named, and no migration without an effect is left', async () => {
  const root = testProject({ 'scripts/template.ts': 'a template' });
  symlinkSync('/nowhere/at/all', join(root, 'migrations/schema/0001_add-tags.json'));
  const report = (await call(['create', 'add-tags', '--json'], { root })).json();
  expect(report).toMatchObject({ exitCode: 2, error: { code: 'not-written' } });
  expect(readdirSync(join(root, 'migrations'))).toEqual(['schema']);
});

test.for(['create add-tags', 'snapshot'])('`%s --dry-run` is refused, and writes nothing', async (line) => {
  const root = project();
  const url = 'postgres://nobody@127.0.0.1:1/none'; // Never asked.
  const { code, stderr } = await call([...line.split(' '), '--dry-run'], { root, url });
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('has no dry run') as string });
  expect(readdirSync(join(root, 'migrations'))).toEqual(['schema']);
});
