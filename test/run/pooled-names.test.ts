import { expect, test } from 'vitest';
import { report } from '../support/call.ts';
import { creates, settingsFile, setUp, step, testProject } from '../support/project.ts';
import { testPooler } from './pgbouncer.ts';

test('behind a pooler, noTransaction() is refused if the role has another search_path', async (context) => {
  const { database, run } = await setUp(
    {
      ...settingsFile(['app', 'public']),
      ...step('0001_a', {}, `pgm.noTransaction(); pgm.sql('DELETE FROM orders');`),
    },
    `CREATE SCHEMA app; CREATE TABLE app.orders (id integer); CREATE TABLE orders (id integer);
      INSERT INTO app.orders VALUES (1); INSERT INTO orders VALUES (1)`,
  );
  const pooler = await testPooler(context, database.url, { poolSize: 4 });
  const url = pooler.through(database.url);
  const report = await run('up', url);
  expect(report).toMatchObject({ exitCode: 3, applied: [], error: { code: 'pooled-search-path' } });
  expect(await database.query('SELECT id FROM public.orders')).toEqual([{ id: 1 }]);
  const [remedy = ''] = /ALTER ROLE .*;/.exec(report.error?.hint ?? '') ?? [];
  await database.query(remedy);
  const again = await testPooler(context, database.url, { poolSize: 4 });
  expect(await run('up', again.through(database.url))).toMatchObject({ exitCode: 0 });
  expect(await database.query('SELECT id FROM public.orders')).toEqual([{ id: 1 }]);
  expect(await database.query('SELECT id FROM app.orders')).toEqual([]);
});

const outside = (sql: string) =>
  step('0001_a', {}, `pgm.noTransaction(); pgm.sql(${JSON.stringify(sql)});`);

test('behind a pooler, noTransaction() is refused if the migration changes the session', async (context) => {
  const { database, run } = await setUp(outside('SET lock_timeout = 1'), 'CREATE TABLE t (g text)');
  await database.query(`ALTER DATABASE ${database.name} SET search_path = public`);
  const pooler = await testPooler(context, database.url, { poolSize: 4 });
  const url = pooler.through(database.url);
  const pooled = (sql: string) => report('up', { url, root: testProject(outside(sql)) });
  for (const sql of [
    'SET session_replication_role = replica',
    'SELECT 1; SET ROLE pg_monitor',
    "SELECT set_config('search_path', '', false)",
    'CREATE TEMPORARY TABLE other (id integer)',
    'CREATE OR REPLACE LOCAL TEMP VIEW other AS SELECT 1',
    'PREPARE p AS SELECT 1',
    'LISTEN c',
    'SELECT pg_try_advisory_lock(1)',
    '/* for a while */ SET lock_timeout = 1',
    'DO $$ BEGIN SET lock_timeout = 1; END $$',
    'DO $$ BEGIN IF true THEN CREATE TEMP TABLE other (id integer); END IF; END $$',
    'CREATE TABLE pg_temp.other (id integer)',
    'DECLARE c CURSOR WITH HOLD FOR SELECT 1',
  ]) {
    const { exitCode, error } = await pooled(sql);
    expect([sql, exitCode, error?.code]).toEqual([sql, 3, 'pooled-session']);
  }
  const text = `UPDATE t SET g = 'Plan; set up a draft'; COMMENT ON TABLE t IS 'calls set_config()';
    WITH holder AS (SELECT g AS settled FROM t) SELECT CASE WHEN true THEN settled END FROM holder`;
  expect(await pooled(text), 'SET in a literal or a name').toMatchObject({ exitCode: 0 });
  await database.query('TRUNCATE pgmigrations');
  expect(await run('up')).toMatchObject({ exitCode: 0 }); // Without a pooler, it is allowed.
});

test('what pgm.db sends after pgm.noTransaction() runs outside a transaction', async (context) => {
  const up = `pgm.noTransaction(); await pgm.db.query("INSERT INTO t VALUES ('x')");
    await Promise.all([1, 2].map(() => pgm.db.query('DROP INDEX IF EXISTS i')));
    pgm.sql('SET ROLE pg_monitor');`;
  const files = { ...creates('a'), ...step('0002_b', {}, up) };
  const { database, run } = await setUp(files, 'CREATE TABLE t (g text); CREATE INDEX i ON t (g)');
  const pooler = await testPooler(context, database.url, { poolSize: 4 });
  await run('up 1');
  const report = await run('up', pooler.through(database.url));
  expect(report).toMatchObject({ exitCode: 8, version: '0001_a', applied: [] });
  const left = `SELECT (SELECT count(*)::int FROM t) AS rows, to_regclass('i') AS index`;
  expect(await database.query(left)).toEqual([{ rows: 1, index: null }]);
  expect(await run('up')).toMatchObject({ exitCode: 0, version: '0002_b' });
});
