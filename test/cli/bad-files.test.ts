import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { byName, readBlocks } from '../support/blocks.ts';
import { creates, setUp, testProject, type Files } from '../support/project.ts';
import { expectRefused, nowhere, refused } from './refused.ts';

const rc = '.node-pg-migraterc.json';
const effect = 'migrations/schema/0002_b.json';
const prerequisites = 'migrations/schema/0000_prerequisites.json';
const BOM = '\uFEFF';

const projectWith = (files: Files) => ({
  url: nowhere,
  root: testProject({ ...creates('a', 'b'), ...files }),
});

describe.each([rc, effect, prerequisites])('%s', (file) => {
  test.for([
    ['{\n  "a": "x"\n  "b": "y"\n}', 'position 15'],
    ['{ "ä": "\u{1F600}", }', 'position 13'],
    [`${BOM}{\n\n  "a" "b"\n}`, 'position 9'],
    ['{ "a": "b" } }', 'position 13'],
    // For these errors, Node.js tells no position.
    ...['', '{ "a": ', '[]', 'null', '"text"', '5'].map((text) => [text, '']),
  ])('is refused with the text %j', async ([text = '', position = '']) => {
    const options = projectWith({ [file]: text });
    await expectRefused('up', options, 'bad-file', `${file} is not valid: `, position);
  });
});

/** What to put in the place of a removed file or folder, so that it cannot be read. */
const unreadable: Readonly<Record<string, (path: string) => void>> = {
  nothing: () => undefined,
  'a file or folder': (path) =>
    path.endsWith('.json') ? mkdirSync(path) : writeFileSync(path, ''),
  'a loop of links': (path) => symlinkSync(path, path),
};

describe.each([rc, effect, prerequisites, 'migrations'])('%s', (file) => {
  test.for(Object.entries(unreadable))('is refused if it is replaced by %s', async ([, make]) => {
    const options = projectWith({});
    const path = join(options.root, file);
    rmSync(path, { recursive: true });
    make(path);
    for (const command of ['up', 'check', 'plan'])
      await expectRefused(command, options, 'not-readable', file);
  });
});

test.for(['nowhere', 'nowhere/'])('a folder that is not there is named: %s', async (folder) => {
  const { error } = await refused('up', projectWith({ [rc]: { 'migrations-dir': folder } }));
  expect(error.code).toBe('not-readable');
  expect(error.message).toMatch(/^nowhere\/ cannot be read/);
});

const contents = byName(readBlocks('cli/bad-files.txt', ['settings', 'effect', 'names']));
test.for(contents)('%s is refused', async ([, { first }]) => {
  const file = first('settings') === '' ? effect : rc;
  const options = projectWith({ [file]: first('settings') || first('effect') });
  await expectRefused('up', options, 'bad-file', file, first('names'));
});

const misnamed = ['0003-c.ts', '0003 c.ts', '0003_c.tsx', '0003_c.sql', '3.ts', '0002_b.ts~'];
test.for([
  ['migration-name', ...misnamed, '0000_prerequisites.ts'],
  ['duplicate-number', '0002_again.ts', '2_again.js'],
])('wrong names of migrations are refused: %s', async ([code = '', ...files]) => {
  for (const file of files)
    await expectRefused('up', projectWith({ [`migrations/${file}`]: '' }), code, file);
});

test('an effect file without its migration is refused', async () => {
  const options = projectWith({});
  rmSync(join(options.root, 'migrations/0002_b.ts'));
  for (const command of ['up', 'check', 'plan'])
    await expectRefused(command, options, 'effect-alone', effect);
});

test('byte order marks, and files that are not migrations, do no harm', async () => {
  const { root, print } = await setUp({
    ...creates('a'),
    'migrations/README.md': 'read me',
    'migrations/helper.ts': 'throw new Error("not a migration");',
    'migrations/0002_b.d.ts': '',
    'migrations/0002_b.js.map': '',
    'migrations/sql/0003_c.sql': '',
    'migrations/.0004_d.ts.swp': '',
  });
  for (const file of [rc, prerequisites, ...Object.keys(creates('a'))])
    writeFileSync(join(root, file), BOM + readFileSync(join(root, file), 'utf8'));
  expect(await print('up --strict')).toMatchObject({ code: 0, stderr: '' });
});
