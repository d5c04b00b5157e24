import { expect, test } from 'vitest';
import { byName, readBlocks } from '../support/blocks.ts';
import { creates, setUp, stateOf, step } from '../support/project.ts';
import { expectRefused } from './refused.ts';

const file = 'migrations/0002_b.ts';
const down = 'export function down(pgm) { pgm.dropTable("b"); }\n';

/**
 * A case has the text of the second migration, or only the body of its `up`. The message must contain what
 * the case `names`. The hint speaks of exports only if one is wrong: then the message names it first.
 */
const cases = byName(readBlocks('cli/bad-migrations.txt', ['file', 'up', 'names']));
test.for(cases)('%s: nothing is applied', async ([, { first }]) => {
  const [body, named] = [first('up'), first('names')];
  const text = body === '' ? first('file') : `export function up(pgm) { ${body} }\n${down}`;
  const code = body === '' ? 'bad-migration' : 'migration-failed';
  const { run, database } = await setUp({ ...creates('a', 'b'), [file]: text });
  const { error } = await run('up --statement-timeout=300ms');
  expect(error?.code).toBe(code);
  const isExport = code === 'bad-migration' && named.startsWith('"');
  expect(error?.hint.includes('A migration exports')).toBe(isExport);
  expect(error?.message).toContain(file);
  expect(error?.message).toContain(named);
  expect(await stateOf(database)).toEqual([]);
});

test.for([
  // As in the templates of the framework.
  ['undefined shorthands', 'export const shorthands = undefined, up = () => {}, down = () => {};'],
  [
    'an instance of a class as its default export',
    `class B { make(pgm) { pgm.sql('SELECT 1'); } up(pgm) { this.make(pgm); } down() {} }
      export default new B();`,
  ],
] as const)('a migration may have %s', async ([, code]) => {
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
