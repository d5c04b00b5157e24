import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, readReport, report, words, type JsonReport } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { startProgram } from '../support/migrate.ts';
import { creates, migration, write, type Files } from '../support/project.ts';
import { root } from '../support/root.ts';
import { createDatabase, testDatabase } from '../support/test-database.ts';

const file = (name: string) => `readFileSync(new URL('./${name}', import.meta.url), 'utf8')`;
const imports = (...lines: readonly string[]) => lines.map((line) => `import ${line};\n`).join('');

/** Migrations as .ts, .js, .mjs and .cjs, which import packages and files, and read files beside them. */
const sources: Files = {
  ...creates('a'),
  'migrations/0002_reads-a-file.ts':
    imports(`{ readFileSync } from 'node:fs'`, `type { MigrationBuilder } from 'node-pg-migrate'`) +
    `export const up = (pgm: MigrationBuilder): void => pgm.sql(${file('sql/active.sql')});
     export const down = (pgm: MigrationBuilder): void => pgm.dropTable('t');`,
  'migrations/sql/active.sql': 'CREATE TABLE t (id integer)',
  'migrations/0003_reads-json.ts':
    imports(`{ createRequire } from 'node:module'`) +
    migration(
      `pgm.addColumns('t', createRequire(import.meta.url)('./data/columns.json'));`,
      `pgm.dropColumns('t', ['note']);`,
    ),
  'migrations/data/columns.json': { note: 'text' },
  'migrations/0004_imports-packages.ts':
    imports(`{ PgLiteral } from 'node-pg-migrate'`, `pg from 'pg'`, `{ globSync } from 'glob'`) +
    migration(
      `globSync('*', { cwd: __dirname }); const day = new PgLiteral(pg.escapeLiteral('2026-01-01'));
       pgm.addColumns('t', { at: { type: 'date', default: day } });`,
      `pgm.dropColumns('t', 'at');`,
    ),
  'migrations/0005_imports-helpers.ts':
    imports(`{ addText } from './helpers/add-text.ts'`, `{ NAMES } from '../shared/names.js'`) +
    migration('addText(pgm, NAMES);', `pgm.dropColumns('t', NAMES);`),
  'migrations/helpers/add-text.ts':
    imports(`{ readFileSync } from 'node:fs'`) +
    `export const addText = (pgm: any, names: readonly string[]): void =>
       pgm.addColumns('t', Object.fromEntries(names.map((name) => [name, ${file('type.txt')}.trim()])));`,
  'migrations/helpers/type.txt': 'text\n',
  'shared/names.ts': `export const NAMES: readonly string[] = ['b', 'c'];`,
  'migrations/0006_index.js': migration(
    `pgm.noTransaction();
     pgm.createIndex('t', 'id', { name: 'by_id', concurrently: true, ifNotExists: true });`,
    `pgm.dropIndex('t', 'id', { name: 'by_id' });`,
  ),
  'migrations/0007_module.mjs': imports(`'pg'`) + migration(''),
  'migrations/0008_common.cjs': `const { join } = require('node:path');
    exports.up = (pgm) => pgm.createTable('d', require(join(__dirname, 'data/columns.json')));
    exports.down = (pgm) => pgm.dropTable('d');`,
  'migrations/0009_new-syntax.ts':
    `const keep = (_: object, __: string, found: PropertyDescriptor) => found;
     class Table { @keep name() { return 'e'; } [Symbol.dispose]() {} }\n` +
    migration(`using e = new Table(); pgm.createTable(e.name(), {});`, `pgm.dropTable('e');`),
};

const source = join(mkdtempSync(join(tmpdir(), 'source-')), 'pg');
/** A folder as in a container image: the compiled program, without packages. */
const image = mkdtempSync(join(tmpdir(), 'image-'));
let database: Database;

beforeAll(async () => {
  for (const name of ['package.json', '.node-pg-migraterc.json', 'rolldown.config.ts', 'scripts'])
    cpSync(join(root, name), join(source, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
  write(source, { 'migrations/schema/0000_prerequisites.json': {}, ...sources });
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
  const script = output.replace(/.*\n/, '').replaceAll(/(dist\/)?(migrations\/\S+)\.\w+\)/g, '$2)');
  return { outcome, version, pending, error, names, script };
}

const program = 'node dist/scripts/migrate.js';
test('the compiled program prints help and version, and refuses bad input, create and snapshot', async () => {
  const help = (await call(['help'])).stdout.replace('npm run migrate', program);
  expect((await compiled('help', '')).stdout).toBe(help);
  expect((await compiled('--version', '')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const stderr = expect.stringContaining(`${program} help`) as string;
  expect(await compiled('chek', '')).toMatchObject({ code: 2, stdout: '', stderr });
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
