import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { write, type Files } from '../support/project.js';
import { makesTable, smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

interface Broken {
  readonly files?: Files;
  readonly removed?: string;
  readonly folder?: string;
  readonly code: string;
  readonly message: string | RegExp;
}

const effect = 'migrations/schema/0002_b.json';
const source = 'migrations/0002_b.ts';

/** Files that are wrong, each in the second of two migrations of which none is applied. */
const broken: Record<string, Broken> = {
  'two files with one number': {
    files: makesTable('0002', 'again'),
    code: 'duplicate-number',
    message: 'two migrations have one number: 0002_again.ts and 0002_b.ts',
  },
  'two files with one number, written differently': {
    files: makesTable('2', 'again'),
    code: 'duplicate-number',
    message: 'two migrations have one number: 0002_b.ts and 2_again.ts',
  },
  'a missing effect': {
    removed: effect,
    code: 'effect-missing',
    message: `the effect file ${effect} cannot be had: it does not exist`,
  },
  'a folder in the place of an effect': {
    removed: effect,
    folder: effect,
    code: 'effect-missing',
    message: `the effect file ${effect} cannot be had: it is a folder`,
  },
  'an effect that is not JSON': {
    files: { [effect]: '{\n  "tables": {,}\n}\n' },
    code: 'effect-broken',
    message: /^migrations\/schema\/0002_b\.json:2:14 is not valid JSON: /,
  },
  'an effect in which a key stands twice': {
    files: { [effect]: '{\n  "tables": { "public.b": { "kind": "table" } },\n  "tables": {}\n}\n' },
    code: 'effect-broken',
    message: `${effect}:3:3 is not valid JSON: "tables" stands twice in one object`,
  },
  'a migration with a hyphen after its number': {
    files: { 'migrations/0003-c.ts': '' },
    code: 'migration-name',
    message: 'migrations/0003-c.ts looks like a migration, but its name is none; nothing was run',
  },
  'a migration in SQL': {
    files: { 'migrations/0003_c.sql': '' },
    code: 'migration-name',
    message: 'migrations/0003_c.sql looks like a migration, but its name is none; nothing was run',
  },
  'an empty effect file': {
    files: { [effect]: '' },
    code: 'effect-broken',
    message: /^migrations\/schema\/0002_b\.json:1:1 is not valid JSON: /,
  },
  'a misspelled word in an effect': {
    files: { [effect]: { tables: { 'public.b': { kind: 'table', colums: {} } } } },
    code: 'effect-form',
    message: `${effect}: tables > public.b > colums is not known here; did you mean "columns"?`,
  },
  'missing prerequisites': {
    removed: 'migrations/schema/0000_prerequisites.json',
    code: 'effect-missing',
    message: 'the effect file migrations/schema/0000_prerequisites.json cannot be had: it does not exist',
  },
  'a migration without a down': {
    files: { [source]: 'export function up(pgm) { pgm.createTable("b", { id: "integer" }); }\n' },
    code: 'migration-no-down',
    message: `${source} exports no function "down"`,
  },
  'a migration without an up': {
    files: { [source]: 'export const down = false;\n' },
    code: 'migration-no-up',
    message: `${source} exports no function "up"`,
  },
  'a migration that exports null': {
    // The framework's own loader stumbles over it.
    files: { [source]: 'export default null;\n' },
    code: 'migration-broken',
    message: `${source} cannot be loaded: Cannot read properties of null (reading 'then')`,
  },
  'a migration that exports a number': {
    files: { [source]: 'export default 5;\n' },
    code: 'migration-no-up',
    message: `${source} exports no function "up"`,
  },
  'a migration that cannot be loaded': {
    files: { [source]: 'export const down = false;\nthrow new Error("not today");\n' },
    code: 'migration-broken',
    message: `${source} cannot be loaded: not today`,
  },
};

test.each(Object.entries(broken))(
  '%s: exit 2, and nothing is written',
  async (_, { files, removed, folder, code, message }) => {
    const [root, database] = [smallProject(['a', 'b']), await testDatabase({ base: false })];
    if (removed !== undefined) rmSync(join(root, removed));
    if (folder !== undefined) mkdirSync(join(root, folder));
    write(root, files ?? {});
    const before = await database.dump();
    const report = (await call(['up', '--json'], { root, url: database.url })).json();
    expect(report).toMatchObject({ outcome: 'usage', exitCode: 2, applied: [] });
    expect(report.error?.code).toBe(code);
    if (typeof message === 'string') expect(report.error?.message).toBe(message);
    else expect(report.error?.message).toMatch(message);
    expect(await database.dump()).toBe(before);
  },
);

test('a migration that says it has no way down goes up, and is refused on the way down', async () => {
  const [root, database] = [smallProject(['a', 'b']), await testDatabase({ base: false })];
  const { url } = database;
  write(root, {
    [source]: 'export const down = false;\nexport const up = (pgm) => pgm.createTable("b", { id: "integer" });\n',
  });
  expect((await call(['up'], { root, url })).code).toBe(0);
  const before = await database.dump({ rows: true });
  for (const argument of ['1', '2']) {
    const report = (await call(['down', argument, '--json'], { root, url })).json();
    expect(report).toMatchObject({
      exitCode: 2,
      error: { message: `${source} cannot be reverted: it says "down = false"` },
    });
  }
  expect(await database.dump({ rows: true })).toBe(before);
});
