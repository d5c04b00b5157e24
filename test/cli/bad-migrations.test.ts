import { expect, test } from 'vitest';
import { creates, setUp, stateOf, step } from '../support/project.ts';
import { expectRefused } from './refused.ts';

const file = 'migrations/0002_b.ts';
const down = 'export function down(pgm) { pgm.dropTable("b"); }\n';

/**
 * Expects that `up` fails if the second migration has this code, and that the first one is rolled back, too.
 * The hint speaks of exports only if one is wrong: then the message names it first.
 */
async function expectFailure(code: string, text: string, named: string) {
  const { run, database } = await setUp({ ...creates('a', 'b'), [file]: text });
  const { error } = await run('up --statement-timeout=300ms');
  expect(error?.code).toBe(code);
  const isExport = code === 'bad-migration' && named.startsWith('"');
  expect(error?.hint.includes('A migration exports')).toBe(isExport);
  expect(error?.message).toContain(file);
  expect(error?.message).toContain(named);
  expect(await stateOf(database)).toEqual([]);
}

test.for([
  ['a syntax error', 'export function up(pgm) {\n  pgm.sql("x"\n}\n', '0002_b.ts:3'],
  ['an import that is not there', `import '../nowhere.js';\n${down}`, 'nowhere'],
  ['no up', down, '"up"'],
  ['an up that is no function', `export const up = 5;\n${down}`, '"up"'],
  ['no down', 'export function up() {}\n', '"down"'],
  ['a down that is no function', 'export function up() {}\nexport const down = true;\n', '"down"'],
  ['an empty file', '', '"up"'],
  ['shorthands', `export const up = () => {}, shorthands = {};\n${down}`, '"shorthands"'],
  ['null', 'export default null;\n', 'null'],
  ['a number', 'export default 5;\n', '"up"'],
  ['a throw when it is loaded', `throw new Error('no export file');\n${down}`, 'no export file'],
] as const)('%s: nothing is run', ([, text, named]) => expectFailure('bad-migration', text, named));

test.for([
  ['a throw', "throw new Error('in up')", 'in up'],
  ['a throw of a text', "throw 'a text'", 'a text'],
  ['a throw of nothing', 'throw undefined', 'undefined'],
  ['a rejection', "return Promise.reject(new Error('later'))", 'later'],
  ['a method that is not there', "pgm.creatTable('b')", 'creatTable'],
  ['broken SQL', "pgm.sql('SELEC 1')", 'SELEC'],
  ['passwords', "throw { password: 'k33p', url: '://u:k33p@m3@h' }", "***, url: '://u:***@h' }"],
  ['a statement that never ends', "pgm.sql('SELECT pg_sleep(600)')", '57014'],
  ['a type error', 'const x: number = "no"; throw new Error(typeof x)', 'string'],
] as const)('%s in up: all is rolled back', ([, body, named]) =>
  expectFailure('migration-failed', `export function up(pgm) { ${body} }\n${down}`, named),
);

test('shorthands that are undefined, as in the templates of the framework, are no error', async () => {
  const code = `export const shorthands = undefined, up = () => {}, down = () => {};`;
  const { run } = await setUp({ ...creates('a'), ...step('0002_b', {}, ''), [file]: code });
  expect(await run('up')).toMatchObject({ error: null, version: '0002_b' });
});

test('the default export may be an instance of a class', async () => {
  const code = `class B { make(pgm) { pgm.sql('SELECT 1'); } up(pgm) { this.make(pgm); } down() {} }
    export default new B();`;
  const { run } = await setUp({ ...creates('a'), ...step('0002_b', {}, ''), [file]: code });
  expect(await run('up')).toMatchObject({ error: null, version: '0002_b' });
});

test('a migration with `down = false` is applied, and not reverted', async () => {
  const { root, url, run, database } = await setUp({
    ...creates('a', 'b', 'c'),
    [file]: 'export const up = (pgm) => pgm.createTable("b", { id: "integer" }), down = false;',
  });
  expect(await run('up')).toMatchObject({ error: null, version: '0003_c' });
  const before = await stateOf(database);
  for (const line of ['down 2', 'down 0001', 'redo 3'])
    await expectRefused(line, { root, url }, 'irreversible', file);
  expect(await stateOf(database)).toEqual(before);
});
