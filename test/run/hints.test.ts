import { describe, expect, test } from 'vitest';
import { setUp, sqlStep, step, table } from './setup.js';

describe('the hint leads on', () => {
  const enums = { 'type public.mood': "AS ENUM ('a', 'b')" };
  test.for<[name: string, base: string, files: object, hint: string]>([
    [
      'an enum value that is used in the transaction that adds it (55P04)',
      "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (m mood)",
      {
        ...sqlStep('0001_a', enums, "ALTER TYPE mood ADD VALUE 'b'"),
        ...sqlStep('0002_b', {}, "INSERT INTO t VALUES ('b')"),
      },
      'npm run migrate up 1',
    ],
    [
      'an enum value as a default (55P04)',
      "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (m mood)",
      {
        ...sqlStep('0001_a', enums, "ALTER TYPE mood ADD VALUE 'b'"),
        ...sqlStep(
          '0002_b',
          { 'public.t': { 'column m': "public.mood NULL DEFAULT 'b'::public.mood" } },
          "ALTER TABLE t ALTER m SET DEFAULT 'b'",
        ),
      },
      'npm run migrate up 1',
    ],
    [
      'pending trigger events (55006)',
      'CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (id integer REFERENCES p DEFERRABLE INITIALLY DEFERRED)',
      {
        ...sqlStep('0001_a', {}, 'INSERT INTO p VALUES (1); INSERT INTO t VALUES (1)'),
        ...sqlStep(
          '0002_b',
          { 'public.t': { 'column b': 'integer NULL' } },
          'ALTER TABLE t ADD b integer',
        ),
      },
      'npm run migrate up 1',
    ],
    [
      'CREATE INDEX CONCURRENTLY in a transaction (25001)',
      'CREATE TABLE t (id integer)',
      sqlStep('0001_a', {}, 'CREATE INDEX CONCURRENTLY i ON t (id)'),
      'pgm.noTransaction()',
    ],
    [
      'VACUUM in a transaction (25001)',
      'CREATE TABLE t (id integer)',
      sqlStep('0001_a', {}, 'VACUUM t'),
      'pgm.noTransaction()',
    ],
    [
      'a column that somebody has added by hand (42701)',
      'CREATE TABLE t (id integer, b integer)',
      sqlStep(
        '0001_a',
        { 'public.t': { 'column b': 'integer NULL' } },
        'ALTER TABLE t ADD b integer',
      ),
      'ifNotExists',
    ],
    [
      'a statement that takes too long (57014)',
      'CREATE TABLE t (id integer)',
      sqlStep('0001_a', {}, "SET LOCAL statement_timeout = '10ms'; SELECT pg_sleep(1)"),
      '--statement-timeout=',
    ],
    [
      'rows that violate a check (23514)',
      'CREATE TABLE t (id integer); INSERT INTO t VALUES (1)',
      sqlStep('0001_a', {}, 'ALTER TABLE t ADD CONSTRAINT c CHECK (id > 1)'),
      'SELECT * FROM t t WHERE NOT (',
    ],
    [
      'rows that violate a foreign key (23503)',
      'CREATE TABLE p (id integer PRIMARY KEY); CREATE TABLE t (id integer); INSERT INTO t VALUES (1)',
      sqlStep('0001_a', {}, 'ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES p'),
      'SELECT * FROM t t WHERE NOT EXISTS',
    ],
    [
      'rows that violate NOT NULL (23502)',
      'CREATE TABLE t (id integer); INSERT INTO t VALUES (NULL)',
      sqlStep('0001_a', {}, 'ALTER TABLE t ALTER id SET NOT NULL'),
      'SELECT * FROM t t WHERE <column> IS NULL',
    ],
  ])('%s', async ([, base, files, hint]) => {
    const { run } = await setUp(files as Record<string, object>, base);
    const { exitCode, error } = await run('up');
    expect(exitCode).toBe(5);
    expect(error?.hint).toContain(hint);
  });

  test('and what it says works: one migration at a time', async () => {
    const { run } = await setUp(
      {
        ...sqlStep('0001_a', enums, "ALTER TYPE mood ADD VALUE 'b'"),
        ...sqlStep('0002_b', {}, "INSERT INTO t VALUES ('b')"),
      },
      "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (m mood)",
    );
    expect(await run('up 1')).toMatchObject({ exitCode: 0 });
    expect(await run('up')).toMatchObject({ exitCode: 0 });
  });

  test('a unique index that is built concurrently over duplicates', async () => {
    const { run, database } = await setUp(
      step(
        '0001_a',
        { 'public.t': { 'index i': 'UNIQUE USING btree (id)' } },
        `pgm.noTransaction(); pgm.sql('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (id)');`,
      ),
      'CREATE TABLE t (id integer); INSERT INTO t VALUES (1), (1)',
    );
    const first = await run('up');
    expect(first).toMatchObject({ exitCode: 8, error: { sqlstate: '23505' } });
    expect(first.error?.hint).toContain('duplicate rows');
    const second = await run('up');
    expect(second).toMatchObject({ exitCode: 8, differences: [{ object: 'index public.i' }] });
    const [, drop = ''] = /^(DROP INDEX .*;)/m.exec(second.error?.hint ?? '') ?? [];
    await database.query(drop);
    await database.query('DELETE FROM t');
    expect(await run('up')).toMatchObject({ exitCode: 0 });
  });

  test('an effect that is out of date, and a down that is incomplete, are not blamed on others', async () => {
    const { run } = await setUp(
      sqlStep('0001_a', table('a', 'id'), 'CREATE TABLE a (id integer, more integer)', 'SELECT 1'),
    );
    expect((await run('up --strict')).error?.hint).toContain('npm run migrate snapshot');
    expect((await run('up')).exitCode).toBe(0);
    expect((await run('down')).error?.hint).toContain('"down" does not undo');
  });

  test('what was there before the run is blamed on others', async () => {
    const { run } = await setUp(
      sqlStep('0001_a', table('a', 'id'), 'CREATE TABLE IF NOT EXISTS a (id integer)'),
      'CREATE TABLE a (id bigint)',
    );
    expect((await run('up')).error?.hint).toContain('by hand or by an older file');
  });
});
