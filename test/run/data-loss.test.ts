import { describe, expect, test } from 'vitest';
import { createsTable, setUp, sqlStep, step } from './setup.js';

const kept = "CREATE TABLE t (id integer, v text); INSERT INTO t VALUES (1, 'a'), (2, NULL)";

describe('is refused, whatever removes it', () => {
  test.for<[name: string, base: string, up: string, effect: object, lost: string[]]>([
    ['a table', kept, 'DROP TABLE t', { 'public.t': null }, ['public.t: 2 rows']],
    [
      'a column',
      kept,
      'ALTER TABLE t DROP v',
      { 'public.t': { 'column v': null } },
      ['public.t.v: 1 value'],
    ],
    [
      'a table that is dropped and created again',
      kept,
      'DROP TABLE public.t; CREATE TABLE public.t (id integer, v text)',
      {},
      ['public.t: 2 rows'],
    ],
    [
      'a column that is dropped and added again',
      kept,
      'ALTER TABLE t DROP v; ALTER TABLE t ADD v text',
      {},
      ['public.t.v: 1 value'],
    ],
    [
      'a column of a type that is dropped with CASCADE',
      "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (m mood); INSERT INTO t VALUES ('a')",
      'DROP TYPE mood CASCADE',
      { 'type public.mood': null },
      ['public.t.m: 1 value'],
    ],
    [
      'a column of a domain that is dropped with CASCADE',
      "CREATE DOMAIN d AS text; CREATE TABLE t (m d); INSERT INTO t VALUES ('a')",
      'DROP DOMAIN d CASCADE',
      { 'domain public.d': null },
      ['public.t.m: 1 value'],
    ],
    [
      'a table of a schema that is dropped with CASCADE',
      'CREATE SCHEMA rep; CREATE TABLE rep.t (id integer); INSERT INTO rep.t VALUES (1)',
      'DROP SCHEMA rep CASCADE',
      {},
      ['rep.t: 1 row'],
    ],
    [
      'a table that an extension takes along',
      'CREATE EXTENSION citext; CREATE TABLE t (c citext); INSERT INTO t VALUES (1::text)',
      'DROP EXTENSION citext CASCADE',
      { 'extension citext': null },
      ['public.t.c: 1 value'],
    ],
    [
      'a partition',
      'CREATE TABLE p (id integer) PARTITION BY LIST (id); CREATE TABLE t PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1)',
      'DROP TABLE p',
      {},
      ['public.t: 1 row'],
    ],
    [
      'more than it counts',
      'CREATE TABLE t AS SELECT FROM generate_series(1, 10001)',
      'DROP TABLE t',
      { 'public.t': null },
      ['public.t: more than 10,000 rows'],
    ],
  ])('%s', async ([, base, up, effect, lost]) => {
    const { run, database } = await setUp(
      { ...createsTable('0001', 'a'), ...sqlStep('0002_b', effect, up) },
      base,
    );
    const before = await database.dump({ rows: true });
    const report = await run('up');
    expect(report).toMatchObject({ outcome: 'data-loss', exitCode: 7, applied: [], version: null });
    const message = report.error?.message.split('\n').slice(1);
    expect(message?.map((line) => line.trim())).toEqual(lost);
    expect(await database.dump({ rows: true })).toBe(before);
    expect(await run('up --allow-data-loss')).toMatchObject({ exitCode: 0, version: '0002_b' });
  });
});

describe('is none', () => {
  test.for<[name: string, base: string, up: string, effect: object]>([
    [
      'a renamed table',
      kept,
      'ALTER TABLE t RENAME TO u',
      {
        'public.t': null,
        'public.u': { table: '', 'column id': 'integer NULL', 'column v': 'text NULL' },
      },
    ],
    [
      'a renamed column',
      kept,
      'ALTER TABLE t RENAME v TO w',
      { 'public.t': { 'column v': null, 'column w': 'text NULL' } },
    ],
    [
      'a table in another schema',
      `${kept}; CREATE SCHEMA s`,
      'ALTER TABLE t SET SCHEMA s',
      { 'public.t': null },
    ],
    [
      'a generated column',
      'CREATE TABLE t (id integer, g integer GENERATED ALWAYS AS (id + 1) STORED); INSERT INTO t VALUES (1)',
      'ALTER TABLE t DROP g',
      { 'public.t': { 'column g': null } },
    ],
    ['an empty table', 'CREATE TABLE t (id integer)', 'DROP TABLE t', { 'public.t': null }],
    ['a column of nulls', kept, 'UPDATE t SET v = NULL', {}],
    ['a temporary table', 'SELECT 1', 'CREATE TEMP TABLE x AS SELECT 1; DROP TABLE x', {}],
    [
      'a materialized view',
      `${kept}; CREATE MATERIALIZED VIEW m AS SELECT * FROM t`,
      'DROP MATERIALIZED VIEW m',
      {},
    ],
  ])('%s', async ([, base, up, effect]) => {
    const { run } = await setUp(sqlStep('0001_a', effect, up), base);
    expect(await run('up')).toMatchObject({ exitCode: 0, applied: [{ name: '0001_a' }] });
  });
});

test('down asks, too, and so does redo', async () => {
  const { run, database } = await setUp({
    ...createsTable('0001', 'a'),
    ...createsTable('0002', 'b'),
  });
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await run('redo 2')).toMatchObject({ exitCode: 0, reverted: [{}, {}], applied: [{}, {}] });
  await database.query('INSERT INTO a VALUES (1)');
  expect(await run('down')).toMatchObject({ exitCode: 0, version: '0001_a' });
  for (const line of ['down', 'redo', 'down 9'])
    expect(await run(line)).toMatchObject({ exitCode: 7 });
  expect(await run('down --allow-data-loss')).toMatchObject({ exitCode: 0, version: null });
});

test('after the look for data the migrations run again, so rows refer to the right ones', async () => {
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
