import { describe, expect, test } from 'vitest';
import { hintFor } from '../../scripts/report/hints.ts';
import { creates, setUp, sqlStep, step, table } from '../support/project.ts';
import { readCases } from './cases.ts';

describe('the hint says what to do about', () => {
  test.for(readCases('hints.txt'))('%s', async ([, { base, files, expected }]) => {
    const { run, database } = await setUp(files, base);
    const { exitCode, error } = await run('up');
    expect(exitCode).toBe(5);
    expect(error?.hint).toContain(expected);
    const [query] = /SELECT \* FROM[^;]+;/.exec(error?.hint ?? '') ?? [];
    if (query !== undefined) expect(await database.query(query)).toHaveLength(1);
    if (!expected.endsWith('up 1')) return;
    for (const line of ['up 1', 'up']) expect(await run(line)).toMatchObject({ exitCode: 0 });
  });

  test('a missing database behind PgBouncer, whose error for a missing role is similar', () => {
    const hint = (noun: string) => hintFor('connect', '08P01', `${noun} "x" does not exist`);
    expect(hint('database')).toContain('createdb');
    expect(hint('role')).toContain('psql');
  });

  test('a unique index that is built concurrently over duplicates', async () => {
    const up = `pgm.noTransaction(); pgm.sql('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (id)');`;
    const { run, database } = await setUp(
      step('0001_a', { 'public.t': { 'index i': 'UNIQUE USING btree (id)' } }, up),
      'CREATE TABLE t (id integer); INSERT INTO t VALUES (1), (1)',
    );
    const first = await run('up');
    const partial = { outcome: 'partial', exitCode: 8, version: null, pending: ['0001_a'] };
    expect(first).toMatchObject({ ...partial, error: { sqlstate: '23505' } });
    expect(first.error?.hint).toContain('duplicate rows');
    expect(first.error?.hint).toContain('npm run migrate up');
    expect(first.error?.hint).toContain('What ran outside a transaction stays.');
    expect(await run('check')).toMatchObject({ exitCode: 0, version: null });
    const second = await run('up');
    expect(second).toMatchObject({ exitCode: 8, differences: [{ object: 'index public.i' }] });
    // "Usually", since an index of a partitioned table is also INVALID if one partition lacks it.
    expect(second.error?.message).toContain('Usually an interrupted build left it INVALID.');
    const [, build = ''] = /^(REINDEX .*;)/m.exec(second.error?.message ?? '') ?? [];
    await database.query('DELETE FROM t');
    await database.query(build);
    expect(await run('up')).toMatchObject({ exitCode: 0, applied: [{ name: '0001_a' }] });
    expect(await run('check --strict')).toMatchObject({ exitCode: 0 });
    await database.query(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass`);
    expect((await run('check')).error?.message).toContain(build);
  });

  test('an INVALID index that REINDEX CONCURRENTLY has left', async () => {
    const { run, database } = await setUp(creates('a'));
    await run('up');
    await database.query(`CREATE INDEX a_ccnew ON a (id);
      UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_ccnew'::regclass`);
    const { error } = await run('check --strict');
    expect(error?.message).toContain('DROP INDEX CONCURRENTLY public.a_ccnew;');
  });

  test('an effect that is out of date, and an incomplete down', async () => {
    const { run } = await setUp(
      sqlStep('0001_a', table('a', 'id'), 'CREATE TABLE a (id integer, more integer)', 'SELECT 1'),
    );
    expect((await run('up --strict')).error?.hint).toContain('npm run migrate snapshot');
    expect((await run('up')).exitCode).toBe(0);
    expect((await run('down')).error?.hint).toContain('"down" does not undo');
  });

  test('a table or view of the same name that was there before the run', async () => {
    const files = sqlStep('0001_a', table('a', 'id'), 'CREATE TABLE IF NOT EXISTS a (id integer)');
    const cause = 'a table, column or index of the same name was there before';
    for (const base of ['CREATE TABLE a (id bigint)', 'CREATE VIEW a AS SELECT 1 AS id']) {
      const { run } = await setUp(files, base);
      expect((await run('up')).error?.hint).toContain(cause);
    }
  });

  test('an index of another table that has the name of a new one', async () => {
    const effect = { 'public.t': { 'index i': 'USING btree (a)' } };
    const { run, database } = await setUp(
      sqlStep('0001_a', effect, 'CREATE INDEX IF NOT EXISTS i ON t (a)'),
      'CREATE TABLE t (a integer); CREATE TABLE backup (a integer); CREATE INDEX i ON backup (a)',
    );
    const { error, differences } = await run('up');
    expect(differences).toMatchObject([{ kind: 'missing', object: 'index public.i' }]);
    expect(error?.hint).toContain('column or index of the same name was there');
    await database.query('ALTER INDEX i RENAME TO other');
    expect(await run('up')).toMatchObject({ exitCode: 0 });
  });
});
