import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { plainRole } from '../support/plain-role.ts';
import { creates, setUp, sqlStep, table } from '../support/project.ts';
import { blockRun, LONG_WAIT } from './items.ts';

/** A lock that another session holds, and for which migrations of these tests wait. */
const LOCK = 'BEGIN; SELECT pg_advisory_xact_lock(4711)';
/** Waits only in the second attempt of a run, which looks for data before it calls the migration. */
const WAIT = `SELECT pg_advisory_xact_lock(4711) WHERE nextval('attempts') = 2`;

test.for([
  ['COMMIT', 7],
  ['ROLLBACK', 0],
] as const)('a DROP waits for a session that inserts a row: %s', async ([end, exitCode]) => {
  const { run, database } = await setUp(creates('a'));
  await run('up');
  const insert = 'BEGIN; INSERT INTO a VALUES (1)';
  const { running, session } = await blockRun(database, insert, () => run(`down ${LONG_WAIT}`));
  await session.query(end);
  expect(await running).toMatchObject({ exitCode });
});

test('no row can be inserted between the look for data and the DROP of the table', async () => {
  const { run, database } = await setUp(
    sqlStep('0001_a', table('a', 'id'), 'CREATE TABLE a (id integer)', `${WAIT}; DROP TABLE a`),
    'CREATE SEQUENCE attempts',
  );
  await run('up');
  const { running, release } = await blockRun(database, LOCK, () => run(`down ${LONG_WAIT}`));
  const insert = database.query(`SET lock_timeout = '100ms'; INSERT INTO a VALUES (1)`);
  await expect(insert).rejects.toMatchObject({ code: '55P03' });
  await release();
  expect(await running).toMatchObject({ exitCode: 0, version: null });
});

test('what another session drops during a run does not count as removed by the run', async () => {
  const sql = `SELECT nextval('attempts'); SELECT pg_advisory_xact_lock(4711)`;
  const { run, database } = await setUp(
    sqlStep('0001_a', {}, sql),
    'CREATE SEQUENCE attempts; CREATE TABLE staging (id integer, v text); CREATE TABLE other (v text)',
  );
  const { running, release } = await blockRun(database, LOCK, () => run(`up ${LONG_WAIT}`));
  await database.query('DROP TABLE staging; ALTER TABLE other DROP v');
  await release();
  expect(await running).toMatchObject({ exitCode: 0 });
  expect(await database.query('SELECT last_value AS n FROM attempts')).toEqual([{ n: '1' }]);
});

test('if another session renames a dropped table during the run, the message has its new name', async () => {
  const drop = 'DROP SCHEMA rep CASCADE; SELECT pg_advisory_xact_lock(4711)';
  const { run, database } = await setUp(
    sqlStep('0001_a', {}, drop),
    'CREATE SCHEMA rep; CREATE TABLE rep.t (id integer); INSERT INTO rep.t VALUES (1)',
  );
  const { running, release } = await blockRun(database, LOCK, () => run(`up ${LONG_WAIT}`));
  const renaming = database.query('ALTER TABLE rep.t RENAME TO u; CREATE TABLE rep.t ()');
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'rep.t'::regclass`;
  const waits = async () => (await database.query(waiting)).length === 1;
  await eventually('a session that waits for the table', waits);
  await release();
  await renaming;
  expect((await running).error?.message).toContain('rep.u: 1 row');
  expect(await database.query('SELECT id FROM rep.u')).toEqual([{ id: 1 }]);
});

test('looking for data does not block readers of a table that a later migration changes', async () => {
  const later = sqlStep('0002_b', { 'public.hot': { 'column v': null } }, 'ALTER TABLE hot DROP v');
  const { run, database } = await setUp(
    { ...sqlStep('0001_a', {}, WAIT), ...later },
    'CREATE SEQUENCE attempts; CREATE TABLE hot (id integer, v text)',
  );
  const { running, release } = await blockRun(database, LOCK, () => run(`up ${LONG_WAIT}`));
  const locks = `SELECT mode FROM pg_locks WHERE relation = 'hot'::regclass AND mode ~ 'Exclusive'`;
  expect(await database.query(locks)).toEqual([]);
  expect(await database.query('SELECT FROM hot')).toEqual([]);
  await release();
  expect(await running).toMatchObject({ exitCode: 0 });
});

test('a policy that hides rows from the role does not make a table look empty', async () => {
  const effect = { 'public.a': { 'column b': 'integer NULL', 'column c': 'integer NULL' } };
  const [up, down] = ['ALTER TABLE a ADD b int, ADD c int', 'ALTER TABLE a DROP b, DROP c'];
  const add = sqlStep('0002_b', effect, up, down);
  const { run, database } = await setUp({ ...creates('a'), ...add });
  const { url } = await plainRole(database, 'CREATE ON SCHEMA public');
  expect(await run('up', url)).toMatchObject({ exitCode: 0 });
  await database.query(`INSERT INTO a VALUES (1); CREATE POLICY none ON a USING (false);
    ALTER TABLE a ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
  const report = await run('down', url);
  expect(report).toMatchObject({ exitCode: 7, reverted: [], error: { code: 'data-loss-unseen' } });
  expect(report.error?.message).toContain('row-level security');
  expect(report.error?.message.match(/public\.a$/gm)).toHaveLength(1);
  expect(await database.query('SELECT id FROM a')).toEqual([{ id: 1 }]);
});
