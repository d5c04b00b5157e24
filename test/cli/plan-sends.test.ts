import { expect, test } from 'vitest';
import { settled } from '../support/eventually.ts';
import { migration } from '../support/project.ts';
import { hasPsql, psql } from '../support/psql.ts';
import { setUp } from './report.ts';

test.skipIf(!hasPsql)(
  'psql runs no part of a name as a statement, even if the name has a line end',
  async () => {
    const { url, print } = await setUp(['a'], {
      'migrations/0002_b.ts': migration(`pgm.createTable('b\\nSELECT 1/0;', {});`, ''),
      'migrations/schema/0002_b.json': { 'public."b\nSELECT 1/0;"': { table: '' } },
    });
    const { stdout } = await print('plan');
    expect(await psql(url, stdout)).toMatchObject({ code: 0 });
  },
);

test('plan does not send a query after the last migration: its READ ONLY transaction has ended', async () => {
  const late = `setImmediate(() => pgm.db.query('SELECT write()').catch(() => {}));`;
  const { run, query, database } = await setUp(['a'], {
    'migrations/0001_a.ts': migration(late, ''),
    'migrations/schema/0001_a.json': {},
  });
  await query(`CREATE TABLE written (n integer); CREATE FUNCTION write() RETURNS void LANGUAGE sql
    AS 'INSERT INTO written VALUES (1)'`);
  expect(await run('plan')).toMatchObject({ exitCode: 0 });
  await settled(database);
  expect(await query('SELECT n FROM written')).toEqual([]);
});
