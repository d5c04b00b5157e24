import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, readReport, report, words, type JsonReport } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { startProgram } from '../support/migrate.ts';
import { filesIn, write } from '../support/project.ts';
import { root } from '../support/root.ts';
import { createDatabase, testDatabase } from '../support/test-database.ts';

const sources = filesIn('cli/compiled.txt');
const source = join(mkdtempSync(join(tmpdir(), 'source-')), 'pg');
/** A folder as in a container image: the compiled program, without packages. */
const image = mkdtempSync(join(tmpdir(), 'image-'));
let database: Database;

beforeAll(async () => {
  for (const name of ['package.json', '.node-pg-migraterc.json', 'rolldown.config.ts', 'scripts'])
    cpSync(join(root, name), join(source, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
  write(source, sources);
  database = await createDatabase({ base: false });
  expect(await call(['snapshot'], { root: source, url: database.url })).toMatchObject({ code: 0 });
  const build = await startProgram('npm', ['run', 'build'], { cwd: source }).finished;
  expect(build.code, build.stderr).toBe(0);
  for (const name of ['.node-pg-migraterc.json', 'dist'])
    cpSync(join(source, name), join(image, name), { recursive: true });
});
afterAll(async () => {
  for (const folder of [join(source, '..'), image]) rmSync(folder, { recursive: true });
  await database.drop();
});

const compiled = (line: string, url: string) =>
  startProgram(process.execPath, ['dist/scripts/migrate.js', ...words(line)], { cwd: image, url })
    .finished;

const lines = 'plan; up 2; up; up; status; check --strict; plan down 9; redo 3; down 9';
test(`the compiled program does what the sources do: ${lines}`, async () => {
  const other = await testDatabase({ base: false });
  for (const line of lines.split('; ')) {
    const { code, stdout, stderr } = await compiled(`${line} --json`, database.url);
    expect([line, code, stderr]).toEqual([line, 0, '']);
    const expected = await report(line, { root: source, url: other.url });
    expect([line, comparable(readReport(stdout))]).toEqual([line, comparable(expected)]);
  }
});

/** The parts of a report that do not differ from run to run. */
function comparable(report: JsonReport) {
  const { applied, reverted, output = '', outcome, version, pending, error } = report;
  const names = [applied, reverted].map((done) => done.map(({ name }) => name));
  // The first line names the database, and compiled migrations have another file extension.
  const script = output
    .replace(/.*\n/, '')
    .replace('npm run --silent migrate', program)
    .replaceAll(/(dist\/)?(migrations\/\S+)\.\w+\)/g, '$2)');
  return { outcome, version, pending, error, names, script };
}

const program = 'node dist/scripts/migrate.js';
test('the compiled program names itself in help and hints, and refuses bad input, create and snapshot', async () => {
  const help = (await call(['help'])).stdout.replace('npm run migrate', program);
  expect((await compiled('help', '')).stdout).toBe(help);
  expect((await compiled('--version', '')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const stderr = expect.stringContaining(`${program} help`) as string;
  expect(await compiled('chek', '')).toMatchObject({ code: 2, stdout: '', stderr });
  expect((await compiled('plan', database.url)).stdout).toContain(`-- (${program} … > plan.sql)`);
  const noServer = await compiled('up', 'postgres://127.0.0.1:1/app');
  expect(noServer.stderr).toContain('To wait for it:  --connect-wait=30');
  const before = readdirSync(image, { recursive: true }).sort();
  for (const line of ['create add-tags', 'snapshot']) {
    const { code, json } = await compiled(`${line} --json`, database.url);
    expect([line, code]).toEqual([line, 2]);
    expect(json()).toMatchObject({ error: { code: 'writes-files' } });
  }
  expect(readdirSync(image, { recursive: true }).sort()).toEqual(before);
});

test('a compiled program of which files are missing ends with exit code 1', async () => {
  for (const file of readdirSync(join(image, 'dist/scripts')))
    if (/^(bundle|esm)-/.test(file)) rmSync(join(image, 'dist/scripts', file));
  expect((await compiled('up', database.url)).code).toBe(1);
});
