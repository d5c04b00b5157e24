import { expect, test } from 'vitest';
import { creates, migration, setUp, stateOf, step, table } from '../support/project.ts';
import { root } from '../support/root.ts';
import { readCases } from './cases.ts';

const cases = readCases('data-loss.txt');
const refused = cases.filter(([, { expected }]) => expected !== '');
const allowed = cases.filter(([, { expected }]) => expected === '');

test.for(refused)('dropping data is refused: %s', async ([, { base, files, expected }]) => {
  const { run, database } = await setUp({ ...creates('a'), ...files }, base);
  const before = await stateOf(database);
  const report = await run('up');
  expect(report).toMatchObject({ outcome: 'data-loss', exitCode: 7, applied: [], version: null });
  const message = report.error?.message.split('\n').slice(1);
  expect(message?.map((line) => line.trim())).toEqual([expected]);
  expect(await stateOf(database)).toEqual(before);
  expect(await run('up --allow-data-loss')).toMatchObject({ exitCode: 0, version: '0002_b' });
});

test.for(allowed)('what loses no data is allowed: %s', async ([, { base, files }]) => {
  const { run } = await setUp(files, base);
  expect(await run('up')).toMatchObject({ exitCode: 0, applied: [{ name: '0002_b' }] });
});

test('down and redo refuse to delete rows, too', async () => {
  const { run, database } = await setUp(creates('a', 'b'));
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await run('redo 2')).toMatchObject({ exitCode: 0, reverted: [{}, {}], applied: [{}, {}] });
  await database.query('INSERT INTO a VALUES (1)');
  expect(await run('down')).toMatchObject({ exitCode: 0, version: '0001_a' });
  const kept = { version: '0001_a', reverted: [] };
  for (const line of ['down', 'redo', 'down 9'])
    expect(await run(line)).toMatchObject({ exitCode: 7, outcome: 'data-loss', ...kept });
  expect(await run('down --allow-data-loss')).toMatchObject({ exitCode: 0, version: null });
});

test('a migration that replaces the parsers of pg hides neither data nor the schema', async () => {
  const parsers = `import pg from '${root}/node_modules/pg/lib/index.js';
    for (const type of [16, 20, 23, 25, 114, 1005, 1007]) pg.types.setTypeParser(type, () => 'x');\n`;
  const files = {
    'migrations/0001_a.ts':
      parsers + migration(`pgm.sql('DROP TABLE a; CREATE TABLE b (id integer)');`),
    'migrations/schema/0001_a.json': { 'public.a': null, ...table('b', 'id') },
  };
  const { start } = await setUp(files, 'CREATE TABLE a AS SELECT 1 AS id');
  expect((await start('up').finished).json()).toMatchObject({ exitCode: 7, applied: [] });
  const { json } = await start('up --allow-data-loss').finished;
  expect(json()).toMatchObject({ exitCode: 0, version: '0001_a' });
});

test('after looking for data, the run calls the functions again, so that ids are right', async () => {
  const up = `const { rows } = await pgm.db.query("INSERT INTO a (v) VALUES ('x') RETURNING id");
    pgm.sql(\`INSERT INTO b VALUES (\${rows[0].id})\`); pgm.sql('DROP TABLE empty');`;
  const { run, database } = await setUp(
    step('0001_a', { 'public.empty': null }, up),
    `CREATE TABLE a (id serial PRIMARY KEY, v text); CREATE TABLE b (id integer REFERENCES a);
      CREATE TABLE empty (id integer)`,
  );
  expect(await run('up')).toMatchObject({ exitCode: 0, applied: [{ name: '0001_a' }] });
  expect(await database.query('SELECT v FROM b JOIN a USING (id)')).toEqual([{ v: 'x' }]);
});
