import { expect, test } from 'vitest';
import { testProject } from '../support/project.js';
import { refused } from './report.js';
import { testDatabase } from '../support/test-database.js';

const effect = { tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true } } } } };
const file = 'migrations/0001_a.ts';
const down = 'export function down(pgm) { pgm.dropTable("a"); }\n';

/** What `up` says when the only migration is this; nothing of it may be left in the database. */
async function refusal(text: string, command: readonly string[] = ['up']) {
  const database = await testDatabase({ base: false });
  const root = testProject({ [file]: text, 'migrations/schema/0001_a.json': effect });
  const before = await database.dump();
  const { exitCode, error } = await refused(command, { url: database.url, root });
  expect(await database.dump()).toBe(before);
  return [exitCode, error?.code, error?.message];
}

test.for([
  [
    'a syntax error',
    'export function up(pgm) {\n  pgm.sql("x"\n}\n',
    2,
    'migration-broken',
    /^migrations\/0001_a\.ts cannot be loaded: /,
  ],
  ['an import that is not there', `import '../nowhere.js';\n${down}`, 2, 'migration-broken', /nowhere/],
  ['no up', down, 2, 'migration-no-up', /^migrations\/0001_a\.ts exports no function "up"$/],
  [
    'up that is no function',
    `export const up = 5;\n${down}`,
    2,
    'migration-no-up',
    /^migrations\/0001_a\.ts exports no function "up"$/,
  ],
  [
    'no down',
    'export function up() {}\n',
    2,
    'migration-no-down',
    /^migrations\/0001_a\.ts exports no function "down"$/,
  ],
  ['an empty file', '', 2, 'migration-no-up', /^migrations\/0001_a\.ts exports no function "up"$/],
  [
    'a throw when it is loaded',
    `throw new Error('loaded');\n${down}`,
    2,
    'migration-broken',
    /cannot be loaded: loaded$/,
  ],
  [
    'a throw in up',
    `export function up() { throw new Error('in up'); }\n${down}`,
    5,
    'migration-failed',
    /^migrations\/0001_a\.ts failed: in up$/,
  ],
  [
    'a throw of something that is no error',
    `export function up() { throw 'a string'; }\n${down}`,
    5,
    'migration-failed',
    /^migrations\/0001_a\.ts failed: a string$/,
  ],
  [
    'a method that pgm does not have',
    `export function up(pgm) { pgm.creatTable('a'); }\n${down}`,
    5,
    'migration-failed',
    /failed: pgm\.creatTable is not a function$/,
  ],
  [
    'broken SQL',
    `export function up(pgm) { pgm.sql('SELEC 1'); }\n${down}`,
    5,
    'migration-failed',
    /failed: syntax error at or near "SELEC" \(SQLSTATE 42601\)\nin:\n {2}SELEC 1;$/,
  ],
  [
    'a step that never ends',
    `export function up(pgm) { pgm.sql('SELECT pg_sleep(600)'); }\n${down}`,
    5,
    'migration-failed',
    /failed: canceling statement due to statement timeout \(SQLSTATE 57014\)/,
  ],
] as const)('a migration with %s', async ([, text, exitCode, code, message]) => {
  const found = await refusal(text, ['up', '--statement-timeout=300ms']);
  expect(found).toEqual([exitCode, code, expect.stringMatching(message)]);
});

test('a type error is no matter at run time: types are checked by `npm run verify`', async () => {
  const text = `export function up(pgm) { const x: number = 'no'; throw new Error(typeof x); }\n${down}`;
  expect(await refusal(text)).toEqual([5, 'migration-failed', 'migrations/0001_a.ts failed: string']);
});
