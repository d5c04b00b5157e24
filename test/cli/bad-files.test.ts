import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** What somebody may put in the place of a file, or of a folder. */
const unreadable: Readonly<Record<string, (path: string) => void>> = {
  nothing: () => undefined,
  'a file or folder': (path) =>
    path.endsWith('.json') ? mkdirSync(path) : writeFileSync(path, ''),
  'a loop of links': (path) => symlinkSync(path, path),
};

describe.each([rc, effect, prerequisites])('%s', (file) => {
  test.for([
    ['{\n  "a": "x"\n  "b": "y"\n}', ':3:3'],
    ['{ "ä": "\u{1F600}", }', ':1:14'],
    [`${BOM}{\n\n  "a" "b"\n}`, ':3:7'],
    ['{ "a": "b" } }', ':1:14'],
    // Without a position from Node.js, none is made up.
    ...['', '{ "a": ', '[]', 'null', '"text"', '5'].map((text) => [text, '']),
  ])('with the text %j', async ([text = '', position = '']) => {
    const { code, message } = await failureOf({ [file]: text });
    expect([code, message]).toEqual([
      'bad-file',
      expect.stringContaining(`${file}${position} is not valid: `),
    ]);
  });

  test.for(Object.entries(unreadable))('replaced by %s', async ([, make]) => {
    const { code, message, hint } = await failureOf({}, (root) => {
      rmSync(join(root, file));
      make(join(root, file));
    });
    expect([code, message]).toEqual(['not-readable', expect.stringContaining(file)]);
    expect(hint).toMatch(/npm run migrate snapshot|\{\}|package\.json/);
  });
});

test.for([
  [{ 'migration-dir': 'x' }, '"migration-dir"; known are migrations-dir'],
  [{ Schema: 'public' }, '"Schema"; known are'],
  [{ colour: true }, '"colour"'],
  [{ constructor: true }, '"constructor"'],
  [{ 'migrations-dir': '' }, '"migrations-dir"'],
  [{ 'migrations-dir': ['migrations'] }, '"migrations-dir"'],
  [{ 'migrations-table': 5 }, '"migrations-table"'],
  [{ 'check-order': 'yes' }, '"check-order"'],
  [{ schema: [] }, '"schema"'],
  [{ schema: ['public', ''] }, '"schema"'],
] as const)('settings %j are refused', async ([settings, named]) => {
  const { code, message } = await failureOf({ [rc]: settings });
  expect([code, message]).toEqual(['bad-file', expect.stringContaining(named)]);
});

test.for([
  [{ tables: { 'public.b': {} } }, '"tables"'],
  [{ b: { table: '' } }, '"b"'],
  [{ 'public.b': { tabel: '' } }, 'unknown part "tabel"'],
  [{ 'public.b': { 'colum id': 'integer NULL' } }, '"colum id"'],
  [{ 'public.b': { 'column id': 5 } }, '"column id"'],
  [{ 'public.b': { 'column id': { type: 'integer' } } }, '"column id"'],
  [{ 'public.b': 'integer' }, '"public.b"'],
  [{ 'function public.f()': { body: '' } }, '"function public.f()"'],
  [{ 'funktion public.f()': '' }, '"funktion public.f()"'],
] as const)('the effect %j is refused', async ([content, named]) => {
  const { code, message, hint } = await failureOf({ [effect]: content });
  expect([code, message]).toEqual(['bad-file', expect.stringContaining(named)]);
  expect([message, hint].join()).toMatch(/0002_b\.json[^]*snapshot/);
});

describe('the folder of the migrations', () => {
  test.for(Object.entries(unreadable))('replaced by %s', async ([, make]) => {
    const { code } = await failureOf({}, (root) => {
      rmSync(join(root, 'migrations'), { recursive: true });
      make(join(root, 'migrations'));
    });
    expect(code).toBe('not-readable');
  });

  test('is not where the settings say', async () => {
    const { code, message } = await failureOf({ [rc]: { 'migrations-dir': 'nowhere' } });
    expect([code, message]).toEqual(['not-readable', expect.stringContaining('nowhere')]);
  });

  test.for([
    ...['0003-c.ts', '0003 c.ts', '0003_c.tsx', '0003_c.sql', '3.ts'].map((file) => [
      file,
      'migration-name',
    ]),
    ...['0002_again.ts', '2_again.js'].map((file) => [file, 'duplicate-number']),
  ])('has %s: %s', async ([file = '', expected]) => {
    const { code, message, hint } = await failureOf({ [`migrations/${file}`]: '' });
    expect([code, message]).toEqual([expected, expect.stringContaining(file)]);
    // Issue 22 N: a renamed .sql file is no migration either.
    if (file.endsWith('.sql')) expect(hint).toMatch(/^(?!.*rename).*pgm\.sql\(\)/i);
  });
});

test('what is harmless is read: byte order marks, and files that are no migrations', async () => {
  const { url } = await testDatabase({ base: false });
  const files = Object.entries({ ...makesTable('0001', 'a'), [rc]: {}, [prerequisites]: {} });
  const marked = files.map(([file, content]) => [
    file,
    BOM + (typeof content === 'string' ? content : JSON.stringify(content)),
  ]);
  const root = smallProject([], {
    ...(Object.fromEntries(marked) as Files),
    'migrations/README.md': 'read me',
    'migrations/helper.ts': 'throw new Error("not a migration");',
    'migrations/0002_b.d.ts': '',
    'migrations/0002_b.js.map': '',
    'migrations/sql/0003_c.sql': '',
    'migrations/.0004_d.ts.swp': '',
  });
  expect(await call(['up', '--strict'], { url, root })).toMatchObject({ code: 0, stderr: '' });
});
