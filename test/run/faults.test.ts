import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { advisoryLocks, backends, blockedRun, eventually } from '../support/eventually.js';
import { start } from '../support/migrate.js';
import { testDatabase } from '../support/test-database.js';

const HEAD = '0005_index-workflow-executions';

test('kill -9 of the process while it holds its lock: the next run reaches the head', async () => {
  const database = await testDatabase({ rows: true });
  const rows = await database.query('SELECT * FROM workflow_executions ORDER BY id');
  const session = await database.connect();
  await session.query('BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE');
  const run = start(['up', '--lock-timeout=10min'], { url: database.url });
  await blockedRun(database);
  run.child.kill('SIGKILL');
  expect((await run.finished).signal).toBe('SIGKILL');
  await session.query('COMMIT'); // A server process that waits for a lock sees only then that its client is gone.
  await eventually('the end of its sessions', async () => (await backends(database)).length === 0);
  expect(await advisoryLocks(database)).toEqual([]);
  expect((await call(['up', '--json'], { url: database.url })).json()).toMatchObject({ exitCode: 0, version: HEAD });
  const kept = await database.query('SELECT * FROM workflow_executions ORDER BY id');
  expect(kept).toEqual(rows.map((row) => ({ ...row, user_workflow_id: null })));
});

test('a full disk inside the transaction: exit 5, and nothing is changed', async () => {
  const database = await testDatabase({ rows: true });
  await database.query(`CREATE FUNCTION full_disk() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
  await database.query(
    `CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER') EXECUTE FUNCTION full_disk()`,
  );
  const before = await database.dump();
  const report = (await call(['up', '--json'], { url: database.url })).json();
  expect(report).toMatchObject({ outcome: 'failed', exitCode: 5, version: null, error: { sqlstate: '53100' } });
  expect(await database.dump()).toBe(before);
  await database.query('DROP EVENT TRIGGER full_disk');
  expect((await call(['up'], { url: database.url })).code).toBe(0);
});

test('a full disk when a step outside the transaction is written down: exit 8, and the next run goes on', async () => {
  const database = await testDatabase({ rows: true });
  await call(['up', '0003'], { url: database.url });
  await database.query(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`);
  await database.query('CREATE TRIGGER full_disk BEFORE INSERT ON pgmigrations EXECUTE FUNCTION full_disk()');
  const report = (await call(['up', '--json'], { url: database.url })).json();
  expect(report).toMatchObject({ outcome: 'partial', exitCode: 8, version: '0003_link-workflow-executions' });
  await database.query('DROP TRIGGER full_disk ON pgmigrations');
  expect((await call(['up', '--json'], { url: database.url })).json()).toMatchObject({ exitCode: 0, version: HEAD });
});
