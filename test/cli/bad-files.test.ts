import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import type { Files } from '../support/project.js';
import { makesTable, smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { nowhere, refused } from './report.js';

const rc = '.node-pg-migraterc.json';
const effect = 'migrations/schema/0002_b.json';
const prerequisites = 'migrations/schema/0000_prerequisites.json';
const BOM = '\uFEFF';

/** The failure of `up` in a project of two migrations with these files; `change` is done to its folder first. */
async function failureOf(files: Files, change: (root: string) => void = () => undefined) {
  const root = smallProject(['a', 'b'], files);
  change(root);
  const { exitCode, error } = await refused(['up'], { url: nowhere, root });
  expect(exitCode).toBe(2);
  return error;
}

const broken: readonly (readonly [text: string, position: string])[] = [
  ['{\n  "a": "x"\n  "b": "y"\n}', ':3:3'],
  ['{ "ä": "\u{1F600}", }', ':1:14'],
  [`${BOM}{\n\n  "a" "b"\n}`, ':3:7'],
  ['{ "a": "b" } }', ':1:14'],
  ['', ''],
  ['{ "a": ', ''],
];

describe.each([rc, effect, prerequisites])('%s', (file) => {
  test.for(broken)('that is no JSON: %j', async ([text, position]) => {
    const { code, message } = await failureOf({ [file]: text });
    expect(code).toBe('bad-file');
    // Without a position from Node.js, none is made up.
    expect(message).toMatch(`${file}${position} is not valid: `);
  });

  test.for(['[]', 'null', '"text"', '5'])('that is no object: %s', async (text) => {
    const { code, message } = await failureOf({ [file]: text });
    expect([code, message]).toEqual([
      'bad-file',
      expect.stringContaining(`${file} is not valid: `),
    ]);
  });

  test.for<[string, (path: string) => void]>([
    ['not there', () => undefined],
    ['a folder', (path) => mkdirSync(path)],
    ['a loop of links', (path) => symlinkSync(path, path)],
  ])('that cannot be read: %s', async ([, make]) => {
    const { code, message } = await failureOf({}, (root) => {
      rmSync(join(root, file));
      make(join(root, file));
    });
    expect([code, message]).toEqual(['not-readable', expect.stringContaining(file)]);
  });
});

test.for([
  [{ 'migration-dir': 'x' }, '"migration-dir"; did you mean "migrations-dir"'],
  [{ Schema: 'public' }, '"Schema"; did you mean "schema"'],
  [{ colour: true }, '"colour"'],
  [{ constructor: true }, '"constructor"'],
  [{ 'migrations-dir': '' }, '"migrations-dir"'],
  [{ 'migrations-table': 5 }, '"migrations-table"'],
  [{ 'check-order': 'yes' }, '"check-order"'],
  [{ schema: [] }, '"schema"'],
  [{ schema: ['public', ''] }, '"schema"'],
  [{ 'migrations-dir': ['migrations'] }, '"migrations-dir"'],
] as const)('settings %j are refused', async ([settings, named]) => {
  const { code, message } = await failureOf({ [rc]: settings });
  expect([code, message]).toEqual(['bad-file', expect.stringContaining(named)]);
});

test.for([
  [{ tables: { 'public.b': {} } }, '"tables"'],
  [{ b: { table: '' } }, '"b"'],
  [{ 'public.b': { tabel: '' } }, '"tabel"; did you mean "table"'],
  [{ 'public.b': { 'colum id': 'integer NULL' } }, '"colum id"'],
  [{ 'public.b': { 'column id': 5 } }, '"column id"'],
  [{ 'public.b': { 'column id': { type: 'integer' } } }, '"column id"'],
  [{ 'public.b': 'integer' }, '"public.b"'],
  [{ 'function public.f()': { body: '' } }, '"function public.f()"'],
  [{ 'funktion public.f()': '' }, '"funktion public.f()"'],
] as const)('the effect %j is refused', async ([content, named]) => {
  const { code, message, hint } = await failureOf({ [effect]: content });
  expect([code, message]).toEqual(['bad-file', expect.stringContaining(named)]);
  expect(message).toContain(effect);
  expect(hint).toContain('snapshot');
});

test('a missing effect is answered with the command that writes it', async () => {
  const remove = (file: string) => (root: string) => rmSync(join(root, file));
  expect((await failureOf({}, remove(effect))).hint).toContain('npm run migrate snapshot');
  expect((await failureOf({}, remove(prerequisites))).hint).toContain('{}');
  expect((await failureOf({}, remove(rc))).hint).toContain('package.json');
});

describe('the folder of the migrations', () => {
  test.for<[string, (path: string) => void]>([
    ['not there', () => undefined],
    ['a file', (path) => symlinkSync('package.json', path)],
    ['a loop of links', (path) => symlinkSync('migrations', path)],
  ])('cannot be read: %s', async ([, make]) => {
    const { code, message } = await failureOf({}, (root) => {
      rmSync(join(root, 'migrations'), { recursive: true });
      make(join(root, 'migrations'));
    });
    expect([code, message]).toEqual(['not-readable', expect.stringContaining('migrations')]);
  });

  test('is not where the settings say', async () => {
    const { code, message } = await failureOf({ [rc]: { 'migrations-dir': 'nowhere' } });
    expect([code, message]).toEqual(['not-readable', expect.stringContaining('nowhere')]);
  });

  test.for([
    ['migrations/0003-c.ts', 'migration-name'],
    ['migrations/0003 c.ts', 'migration-name'],
    ['migrations/0003_c.tsx', 'migration-name'],
    ['migrations/0003_c.sql', 'migration-name'],
    ['migrations/3.ts', 'migration-name'],
    ['migrations/0002_again.ts', 'duplicate-number'],
    ['migrations/2_again.js', 'duplicate-number'],
  ])('has %s: %s', async ([file = '', expected]) => {
    const { code, message } = await failureOf({ [file]: '' });
    expect([code, message]).toEqual([expected, expect.stringContaining(file.split('/')[1] ?? '')]);
  });

  // Issue 22 N: a renamed .sql file is no migration either.
  test('has a .sql file: the hint does not say to rename it', async () => {
    const { hint } = await failureOf({ 'migrations/0003_c.sql': '' });
    expect(hint).toContain('pgm.sql()');
    expect(hint).not.toMatch(/rename/i);
  });
});

test('what is harmless is read: byte order marks, and files that are no migrations', async () => {
  const { url } = await testDatabase({ base: false });
  const files = makesTable('0001', 'a');
  const marked = Object.entries({ ...files, [rc]: {}, [prerequisites]: {} }).map(
    ([file, content]) =>
      [file, BOM + (typeof content === 'string' ? content : JSON.stringify(content))] as const,
  );
  const root = smallProject([], {
    ...Object.fromEntries(marked),
    'migrations/README.md': 'read me',
    'migrations/helper.ts': 'throw new Error("not a migration");',
    'migrations/0002_b.d.ts': '',
    'migrations/0002_b.js.map': '',
    'migrations/sql/0003_c.sql': '',
    'migrations/.0004_d.ts.swp': '',
  });
  expect(await call(['up', '--strict'], { url, root })).toMatchObject({ code: 0, stderr: '' });
});
