import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { migration, testProject, type Files } from '../support/project.js';
import { refused, PASSWORD } from './report.js';

const url = `postgres://u:${PASSWORD}@127.0.0.1:1/nowhere`;
const ok = {
  'migrations/0001_a.ts': migration(`pgm.createTable('a', { id: 'int' });`, `pgm.dropTable('a');`),
  'migrations/schema/0001_a.json': {
    tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
  },
};
const rc = '.node-pg-migraterc.json';
const effect = 'migrations/schema/0001_a.json';

/** What a project with these files is refused with; `spoil` is done to its folder first. */
async function refusal(files: Files, spoil: (path: (name: string) => string) => void = () => undefined) {
  const root = testProject({ ...ok, ...files });
  spoil((name) => join(root, name));
  const { exitCode, error } = await refused(['up'], { url, root });
  expect(exitCode).toBe(2);
  return error?.message.replace(root, '<root>');
}
const inItsPlace = (name: string, put: (path: string) => void) => (path: (name: string) => string) => {
  rmSync(path(name), { recursive: true });
  put(path(name));
};

describe('the settings file', () => {
  test.for([
    [{ 'migration-dir': 'x' }, `${rc} has an unknown key "migration-dir"; did you mean "migrations-dir"?`],
    [{ Schema: 'public' }, `${rc} has an unknown key "Schema"; did you mean "schema"?`],
    [{ colour: true }, `${rc} has an unknown key "colour"`],
    [{ constructor: true }, `${rc} has an unknown key "constructor"`],
    [{ 'migrations-dir': '' }, `${rc}: "migrations-dir" has to be `],
    [{ 'migrations-table': 5 }, `${rc}: "migrations-table" has to be `],
    [{ 'check-order': 'yes' }, `${rc}: "check-order" has to be `],
    ['{ "schema": "public",\n  "migrations-dir" "x" }', `${rc}:2:20 is not valid: `],
    ['{\n  "schema": "public"\n', `${rc}:3:1 is not valid: `],
    ['', `${rc}:1:1 is not valid: Unexpected end of JSON input`],
    ['[]', `${rc} is not valid: it is not an object`],
    ['null', `${rc} is not valid: it is not an object`],
    [{ 'migrations-dir': 'nowhere' }, 'the folder nowhere cannot be read: it does not exist'],
  ] as const)('%j', async ([content, message]) => {
    expect((await refusal({ [rc]: content }))?.slice(0, message.length)).toBe(message);
  });

  test('a missing one, a folder, a loop of links', async () => {
    const missing = (path: (name: string) => string) => rmSync(path(rc));
    expect(await refusal({}, missing)).toBe(`${rc} cannot be read in <root>: it does not exist`);
    expect(
      await refusal(
        {},
        inItsPlace(rc, (path) => mkdirSync(path)),
      ),
    ).toContain(rc);
    expect(
      await refusal(
        {},
        inItsPlace(rc, (path) => symlinkSync(path, path)),
      ),
    ).toContain(rc);
  });
});

describe('the folder of the migrations', () => {
  const broken = (put: (path: string) => void) => refusal({}, inItsPlace('migrations', put));
  test('a missing one, a file, a loop of links', async () => {
    expect(await broken(() => undefined)).toBe('the folder migrations cannot be read: it does not exist');
    expect(await broken((path) => symlinkSync('package.json', path))).toBe(
      'the folder migrations cannot be read: it is not a folder',
    );
    expect(await broken((path) => symlinkSync('migrations', path))).toMatch(
      /^the folder migrations cannot be read: .*ELOOP|circle/,
    );
  });

  test('two migrations with one number', async () => {
    expect(await refusal({ 'migrations/0001_b.ts': '', 'migrations/schema/0001_b.json': {} })).toBe(
      'two migrations have one number: 0001_a.ts and 0001_b.ts',
    );
  });
});

describe('an effect file', () => {
  test.for([
    ['{ "tables": { "public.a": {} }', `${effect}:1:31 is not valid JSON: `],
    [[], `${effect}: the file is not an object`],
    [{ tabels: {} }, `${effect}: tabels is not known here; did you mean "tables"?`],
    [{ tables: { a: {} } }, `${effect}: tables > a has no schema; write public.name`],
    [
      { tables: { 'public.a': { colums: {} } } },
      `${effect}: tables > public.a > colums is not known here; did you mean "columns"?`,
    ],
    [
      { tables: { 'public.a': { columns: { id: { typ: 'int' } } } } },
      `${effect}: tables > public.a > columns > id > typ is not known here; did you mean "type"?`,
    ],
    [
      { tables: { 'public.a': { columns: { id: { null: 'no' } } } } },
      `${effect}: tables > public.a > columns > id > null is not a boolean`,
    ],
    [
      { tables: { 'public.b': null } },
      `${effect} contradicts the effects before it: table public.b is removed, but no effect before made it`,
    ],
    [
      { tables: { 'public.b': { columns: { c: { null: true } } } } },
      `${effect} contradicts the effects before it: column public.b.c is changed, but neither the prerequisites nor an effect before made it`,
    ],
  ] as const)('%j', async ([content, message]) => {
    expect((await refusal({ [effect]: content }))?.slice(0, message.length)).toBe(message);
  });

  test('a missing one, a folder, a loop of links', async () => {
    const cannot = `the effect file ${effect} cannot be had: `;
    expect(await refusal({}, (path) => rmSync(path(effect)))).toBe(`${cannot}it does not exist`);
    expect(
      await refusal(
        {},
        inItsPlace(effect, (path) => mkdirSync(path)),
      ),
    ).toBe(`${cannot}it is a folder`);
    expect(
      await refusal(
        {},
        inItsPlace(effect, (path) => symlinkSync(path, path)),
      ),
    ).toContain(cannot);
  });
});
