import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { call, type JsonReport } from '../support/call.js';
import type { Database } from '../support/database.js';
import { startProgram } from '../support/migrate.js';
import { write, type Files } from '../support/project.js';
import { root } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';

/** What a container image holds beside `dist`. */
const kept = ['.node-pg-migraterc.json', 'package.json'];

/** Makes what a container image holds, from these sources and more: Node.js is there, and no packages. */
async function build(more: Files = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  const source = mkdtempSync(join(tmpdir(), 'source-'));
  // Built in a copy: other tests may be running the `dist` of this one.
  for (const name of [...kept, 'rolldown.config.ts', 'scripts', 'migrations'])
    cpSync(join(root, name), join(source, name), { recursive: true });
  write(source, more);
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
  await promisify(execFile)('npm', ['run', 'build'], { cwd: source });
  cpSync(join(source, 'dist'), join(folder, 'dist'), { recursive: true });
  rmSync(source, { recursive: true });
  for (const file of kept) cpSync(join(root, file), join(folder, file));
  return folder;
}

let image: string;
beforeAll(async () => {
  image = await build();
});
afterAll(() => rmSync(image, { recursive: true }));

const compiled = (line: string, { url }: Database, cwd = image) =>
  startProgram(process.execPath, ['dist/scripts/migrate.js', ...line.split(' ')], { cwd, url }).finished;

test('there is no package, and no TypeScript, within reach', async () => {
  writeFileSync(join(image, 'look.mjs'), `await import(process.argv[2]);`);
  for (const name of ['typescript', 'pg', 'node-pg-migrate'])
    expect((await startProgram(process.execPath, ['look.mjs', name], { cwd: image }).finished).stderr).toContain(
      'ERR_MODULE_NOT_FOUND',
    );
  const files = readdirSync(join(image, 'dist'), { recursive: true }).map(String);
  expect(files.filter((file) => file.endsWith('.ts'))).toEqual([]);
});

test('up, check, status, plan and down are what they are from source', async () => {
  const [ours, theirs] = [await testDatabase({ rows: true }), await testDatabase({ rows: true })];
  const ledger = ({ query }: Database) => query('SELECT id, name, effect_hash FROM pgmigrations ORDER BY id');
  for (const line of [
    'plan',
    'check',
    'up 2',
    'up',
    'up',
    'status',
    'check --strict',
    'plan down 3',
    'down',
    'redo 2',
    'down 9',
  ]) {
    const result = await compiled(`${line} --json`, ours);
    const expected = await call([...line.split(' '), '--json'], { url: theirs.url });
    expect(result).toMatchObject({ code: expected.code, stderr: '' });
    expect(comparable(result.json() as JsonReport)).toEqual(comparable(expected.json()));
    if (line !== 'plan' && line !== 'check') expect(await ledger(ours)).toEqual(await ledger(theirs));
  }
  expect(await ours.dump()).toBe(await theirs.dump());
});

/** A report without what differs from one run to the next. */
const comparable = ({ applied, reverted, output, outcome, version, pending, differences, exitCode }: JsonReport) => ({
  ...{ outcome, version, pending, differences, exitCode },
  applied: applied.map(({ name }) => name),
  reverted: reverted.map(({ name }) => name),
  output: output?.split('\n').slice(1), // The first line names the database.
});

test('help, version and bad input', async () => {
  const database = await testDatabase({ base: false });
  expect((await compiled('--version', database)).stdout).toBe('1.0.0\n');
  expect((await compiled('help', database)).stdout).toBe((await call(['help'])).stdout);
  expect(await compiled('chek', database)).toMatchObject({ code: 2, stdout: '' });
});

test.for(['create add-tags', 'snapshot'])('"%s" is for the sources, and writes nothing here', async (line) => {
  const before = readdirSync(image, { recursive: true }).sort();
  const result = await compiled(line, await testDatabase());
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toBe(
    `failed: "${line.split(' ')[0] ?? ''}" writes to the sources, and this is the compiled form, which is made of them\n\n` +
      `Run it where the sources are:  npm run migrate ${line.split(' ')[0] ?? ''}\n`,
  );
  expect(readdirSync(image, { recursive: true }).sort()).toEqual(before);
});

test('a migration brings the packages along that it imports', async () => {
  const folder = await build({
    'migrations/0006_uses-packages.ts': `
      import { PgLiteral, type MigrationBuilder } from 'node-pg-migrate';
      import pg from 'pg';
      export const up = (pgm: MigrationBuilder): void => {
        pgm.createTable('six', { at: { type: 'date', default: new PgLiteral(pg.escapeLiteral('2026-01-01')) } });
      };
      export const down = (pgm: MigrationBuilder): void => pgm.dropTable('six');`,
    'migrations/schema/0006_uses-packages.json': {
      tables: {
        'public.six': {
          kind: 'table',
          columns: { at: { type: 'date', null: true, default: "'2026-01-01'::date" } },
        },
      },
    },
  });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const result = await compiled('up --json', await testDatabase(), folder);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(result.json()).toMatchObject({ outcome: 'applied', version: '0006_uses-packages' });
});

test('a program of which a part is missing does not end as if all were well', async () => {
  const broken = mkdtempSync(join(tmpdir(), 'broken-'));
  onTestFinished(() => rmSync(broken, { recursive: true }));
  cpSync(image, broken, { recursive: true });
  const scripts = join(broken, 'dist/scripts');
  for (const file of readdirSync(scripts).filter((name) => name.startsWith('main-'))) rmSync(join(scripts, file));
  const { code, stderr } = await startProgram(process.execPath, ['dist/scripts/migrate.js', 'check'], { cwd: broken })
    .finished;
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Cannot find module') as string });
});
