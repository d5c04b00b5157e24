import { expect, test } from 'vitest';
import { settled } from '../support/eventually.ts';
import { creates, setUp, step } from '../support/project.ts';
import { hasPsql, psql } from '../support/psql.ts';
import { hold } from '../run/items.ts';

test.skipIf(!hasPsql)('psql runs no part of a name with a line end as a statement', async () => {
  const effect = { 'public."b\nSELECT 1/0;"': { table: '' } };
  const { url, print } = await setUp({
    ...creates('a'),
    ...step('0002_b', effect, `pgm.createTable('b\\nSELECT 1/0;', {});`),
  });
  const { stdout } = await print('plan');
  expect(await psql(url, stdout)).toMatchObject({ code: 0 });
});

test('plan sends no query after its READ ONLY transaction, since the query could write', async () => {
  const late = `setImmediate(() => pgm.db.query('SELECT write()').catch(() => {}));`;
  const { run, query, database } = await setUp(
    step('0001_a', {}, late),
    `CREATE TABLE written (n integer); CREATE FUNCTION write() RETURNS void LANGUAGE sql
      AS 'INSERT INTO written VALUES (1)'`,
  );
  expect(await run('plan')).toMatchObject({ exitCode: 0 });
  await settled(database);
  expect(await query('SELECT n FROM written')).toEqual([]);
});

test('in a plan, nothing is sent after the function of a migration has ended', async () => {
  const up = `for (const id of [1, 2, 3])
    void (async () => { await pgm.db.query('SELECT 1'); await pgm.db.query('SELECT f(' + id + ')'); })();`;
  const { start, database } = await setUp(
    step('0001_a', {}, up),
    `CREATE TABLE t (id integer);
    CREATE FUNCTION f(integer) RETURNS void LANGUAGE sql AS 'INSERT INTO t VALUES ($1)'`,
  );
  expect((await start('plan').finished).json()).toMatchObject({ command: 'plan' });
  expect(await database.query('SELECT FROM t')).toEqual([]);
});

test('a plan whose query waits too long for a table lock is exit code 4', async () => {
  const files = step('0001_a', {}, `await pgm.db.query('SELECT FROM t');`);
  const { run, database } = await setUp(files, 'CREATE TABLE t (id integer)');
  const { release } = await hold(database, 'BEGIN; LOCK TABLE t');
  const { exitCode, error } = await run('plan --lock-timeout=100ms');
  expect([exitCode, error?.code]).toEqual([4, 'table-lock']);
  await release();
});

test('up and plan take the text of a statement from a getter of its class', async () => {
  const reads = `class Sql { get text() { return 'SELECT $1::text AS note'; } get values() { return ['x']; } }
    const [{ note }] = await pgm.db.select(new Sql());
    pgm.sql("COMMENT ON TABLE a IS '" + note + "'");`;
  const { print, run } = await setUp({ ...creates('a'), ...step('0002_b', {}, reads) });
  expect((await print('plan')).stdout).toContain("IS 'x'");
  expect(await run('up')).toMatchObject({ exitCode: 0 });
});

test('the plan of redo has two transactions, as redo has: down and up', async () => {
  const { print, run } = await setUp(creates('a', 'b'));
  await run('up');
  const { stdout } = await print('redo --dry-run');
  expect(stdout.match(/^(BEGIN|COMMIT)\b/gm)).toEqual(['BEGIN', 'COMMIT', 'BEGIN', 'COMMIT']);
});
