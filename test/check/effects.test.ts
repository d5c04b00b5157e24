import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { call } from '../support/call.js';
import { sources, startProgram } from '../support/migrate.js';
import { migration, testProject } from '../support/project.js';
import { root as repository } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';

/** A copy of this project's migrations, with all that `snapshot` reads. */
function copy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'effects-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'test/fixtures'), { recursive: true });
  for (const path of ['migrations', 'package.json', '.node-pg-migraterc.json', 'test/fixtures/base-schema.sql'])
    cpSync(join(repository, path), join(folder, path), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

const files = (folder: string) =>
  Object.fromEntries(
    readdirSync(join(folder, 'migrations/schema'))
      .sort()
      .map((name) => [name, readFileSync(join(folder, 'migrations/schema', name), 'utf8')]),
  );

test('the files in migrations/schema are, to the byte, what snapshot writes', async () => {
  const { url } = await testDatabase({ base: false });
  const folder = copy();
  for (const name of readdirSync(join(folder, 'migrations/schema')))
    if (name.endsWith('.json') && !name.startsWith('0000'))
      writeFileSync(join(folder, 'migrations/schema', name), '{}\n');
  rmSync(join(folder, 'migrations/schema/README.md'));
  expect(await call(['snapshot'], { url, root: folder })).toMatchObject({ code: 0, stderr: '' });
  expect(files(folder)).toEqual(files(repository));
});

test('a snapshot leaves the database that the URL names alone, and no other behind', async () => {
  const database = await testDatabase();
  const before = await database.dump();
  expect(await call(['snapshot'], { url: database.url, root: copy() })).toMatchObject({ code: 0, stderr: '' });
  expect(await database.dump()).toBe(before);
});

test('an effect that was written by hand, and is wrong, is written anew', async () => {
  const { url } = await testDatabase({ base: false });
  const folder = copy();
  const file = join(folder, 'migrations/schema/0005_index-workflow-executions.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('btree', 'hash'));
  const { stdout } = await call(['snapshot'], { url, root: folder });
  expect(stdout).toContain('0005_index-workflow-executions.json');
  expect(files(folder)).toEqual(files(repository));
});

test('a snapshot that is stopped while a migration takes its time leaves no database behind either', async () => {
  const database = await testDatabase({ base: false });
  const cwd = testProject({
    'migrations/0001_slow.ts': `export async function up(pgm) {
        console.error('waiting');
        await new Promise((done) => setTimeout(done, 3000));
        pgm.sql('SELECT 1');
      }
      export const down = false;`,
    'migrations/schema/0001_slow.json': {},
  });
  // Not the compiled form, which has no snapshot.
  const run = startProgram(process.execPath, [...sources, 'snapshot', '--json'], { url: database.url, cwd });
  await run.printed('waiting');
  const [scratch] = await database.query<{ name: string }>(`SELECT datname AS name FROM pg_stat_activity
    WHERE application_name LIKE 'migrate snapshot run %:${run.child.pid}:%' AND datname <> current_database()`);
  expect(scratch?.name).toMatch(/^migrate_snapshot_/);
  run.child.kill('SIGTERM');
  expect((await run.finished).json()).toMatchObject({ exitCode: 143, error: { code: 'interrupted' } });
  expect(await database.query(`SELECT FROM pg_database WHERE datname = '${scratch?.name}'`)).toEqual([]);
});

test('what a column is stays in its order, also where its name is that of a section', async () => {
  const { url } = await testDatabase({ base: false });
  const root = testProject({
    'migrations/0001_types.ts': migration(
      `pgm.createTable('t', { types: { type: 'text', notNull: true } });`,
      `pgm.dropTable('t');`,
    ),
    'migrations/schema/0001_types.json': {},
  });
  expect(await call(['snapshot'], { url, root })).toMatchObject({ code: 0, stderr: '' });
  const effect = readFileSync(join(root, 'migrations/schema/0001_types.json'), 'utf8');
  expect(effect).toContain('"types": {"type": "text", "null": false}');
});

test('the migrations table is in no effect, whatever its name', async () => {
  const { url } = await testDatabase({ base: false });
  const root = testProject({
    '.node-pg-migraterc.json': { 'migrations-dir': 'migrations', 'migrations-table': 'Our Migrations' },
    'migrations/0001_make.ts': migration(`pgm.createTable('t', { id: 'serial' });`, `pgm.dropTable('t');`),
    'migrations/schema/0001_make.json': {},
  });
  expect(await call(['snapshot'], { url, root })).toMatchObject({ code: 0, stderr: '' });
  const effect = JSON.parse(readFileSync(join(root, 'migrations/schema/0001_make.json'), 'utf8')) as object;
  expect(effect).toMatchObject({ sequences: { 'public.t_id_seq': expect.any(String) as string } });
  expect(JSON.stringify(effect)).not.toContain('Our Migrations');
  expect((await call(['up'], { url, root })).code).toBe(0);
});
