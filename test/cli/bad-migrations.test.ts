import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../support/database.js';
import { smallProject } from '../support/small-project.js';
import { createDatabase, testDatabase } from '../support/test-database.js';
import { report, stateOf } from './report.js';

const file = 'migrations/0002_b.ts';
const down = 'export function down(pgm) { pgm.dropTable("b"); }\n';
const up = (body: string) => `export function up(pgm) { ${body} }\n${down}`;

/** Nothing of this may ever be applied. */
let database: Database;
beforeAll(async () => {
  database = await createDatabase({ base: false });
});
afterAll(() => database.drop());

/** The failure of `up` where this is the second migration. Nothing may be left of the first one. */
async function failureOf(text: string) {
  const before = await stateOf(database);
  const root = smallProject(['a', 'b'], { [file]: text });
  const options = { url: database.url, root };
  const { exitCode, error } = await report('up --statement-timeout=300ms', options);
  expect(await stateOf(database)).toEqual(before);
  return { exitCode, ...error };
}

test.for([
  ['a syntax error', 'export function up(pgm) {\n  pgm.sql("x"\n}\n', ''],
  ['an import that is not there', `import '../nowhere.js';\n${down}`, 'nowhere'],
  ['no up', down, '"up"'],
  ['an up that is no function', `export const up = 5;\n${down}`, '"up"'],
  ['no down', 'export function up() {}\n', '"down"'],
  ['a down that is no function', 'export function up() {}\nexport const down = true;\n', '"down"'],
  ['an empty file', '', '"up"'],
  ['null', 'export default null;\n', ''],
  ['a number', 'export default 5;\n', '"up"'],
  ['a throw when it is loaded', `throw new Error('not today');\n${down}`, 'not today'],
] as const)('%s: nothing is run, with exit code 2', async ([, text, named]) => {
  const { exitCode, code, message } = await failureOf(text);
  expect([exitCode, code]).toEqual([2, 'bad-migration']);
  expect(message).toContain(file);
  expect(message).toContain(named);
});

test.for([
  ['a throw', up("throw new Error('in up')"), 'in up'],
  ['a throw of a text', up("throw 'a text'"), 'a text'],
  ['a throw of nothing', up('throw undefined'), 'undefined'],
  ['a rejection', up("return Promise.reject(new Error('later'))"), 'later'],
  ['a method that is not there', up("pgm.creatTable('b')"), 'creatTable'],
  ['broken SQL', up("pgm.sql('SELEC 1')"), 'SELEC'],
  ['a statement that never ends', up("pgm.sql('SELECT pg_sleep(600)')"), '57014'],
  ['a type error', up('const x: number = "no"; throw new Error(typeof x)'), 'string'],
] as const)('%s in up: all is rolled back, with exit code 5', async ([, text, named]) => {
  const { exitCode, code, message } = await failureOf(text);
  expect([exitCode, code]).toEqual([5, 'migration-failed']);
  expect(message).toContain(file);
  expect(message).toContain(named);
});

test('a migration that cannot be reverted is applied, and not reverted', async () => {
  const database = await testDatabase({ base: false });
  const options = {
    url: database.url,
    root: smallProject(['a', 'b', 'c'], {
      [file]: 'export const up = (pgm) => pgm.createTable("b", { id: "integer" }), down = false;',
    }),
  };
  expect(await report('up', options)).toMatchObject({ error: null, version: '0003_c' });
  const before = await stateOf(database);
  for (const line of ['down 2', 'down 0001', 'redo 3']) {
    const { exitCode, error } = await report(line, options);
    expect([exitCode, error?.code]).toEqual([2, 'irreversible']);
    expect(error?.message).toContain(file);
  }
  expect(await stateOf(database)).toEqual(before);
});
