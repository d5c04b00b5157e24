import { expect, test } from 'vitest';
import type { Database } from '../support/database.js';
import { advisoryLocks, backends, blockedRun, eventually, rowsOf } from '../support/eventually.js';
import { testDatabase } from '../support/test-database.js';
import { HEAD, call, start } from './workflows.js';

const INSERT = "INSERT INTO workflow_executions (template_id) VALUES ('onboarding')";

/** Another client that has a table, until it lets go. */
async function holder(database: Database, table = 'workflow_executions', mode = 'ACCESS SHARE') {
  const session = await database.connect();
  await session.query(
    `SET application_name = 'nightly report'; BEGIN; LOCK TABLE ${table} IN ${mode} MODE`,
  );
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return { session, pid: Number(rows[0]?.pid), release: () => session.query('COMMIT') };
}

test('a table lock that cannot be had is tried again, then given up: exit 4, nothing changed, and it says for whom', async () => {
  const database = await testDatabase({ rows: true });
  const [dump, rows] = [await database.dump(), await rowsOf(database)];
  const { pid } = await holder(database);
  const result = await call(['up', '--lock-timeout=1500ms', '--retries=2', '--json'], {
    url: database.url,
  });
  expect(result.json()).toMatchObject({
    outcome: 'locked',
    exitCode: 4,
    version: null,
    applied: [],
    error: { sqlstate: '55P03' },
  });
  expect(result.json().error?.message).toContain(
    `blocked by:\n  pid ${pid}, "nightly report", from 127.0.0.1`,
  );
  expect(
    result.stderr.match(/^attempt \d of 3 failed: .*; rolled back, next attempt in /gm),
  ).toHaveLength(2);
  expect(await database.dump()).toBe(dump);
  expect(await rowsOf(database)).toEqual(rows);
  expect(await advisoryLocks(database)).toEqual([]);
});

test('who was in the way is named with a short --lock-timeout too', async () => {
  const database = await testDatabase({ rows: true });
  const { pid } = await holder(database);
  const result = await call(['up', '--lock-timeout=300ms', '--retries=6', '--json'], {
    url: database.url,
  });
  expect(result.json().exitCode).toBe(4);
  expect(result.json().error?.message).toContain(`pid ${pid}, "nightly report"`);
});

test.each(['workflow_executions', 'users'])(
  'a look at %s that has to wait is bounded and tried again as well',
  async (table) => {
    const database = await testDatabase({ rows: true });
    const { pid } = await holder(database, table, 'ACCESS EXCLUSIVE');
    const result = await call(['up', '--lock-timeout=1500ms', '--retries=1', '--json'], {
      url: database.url,
    });
    expect(result.json()).toMatchObject({
      outcome: 'locked',
      exitCode: 4,
      applied: [],
      error: { sqlstate: '55P03' },
    });
    expect(result.json().error?.message).toContain(`blocked by:\n  pid ${pid}, "nightly report"`);
  },
);

test('a run succeeds when who was in the way has gone meanwhile', async () => {
  const database = await testDatabase({ rows: true });
  const { release } = await holder(database);
  const run = start(['up', '--lock-timeout=200ms', '--retries=100', '--json'], {
    url: database.url,
  });
  await run.printed('rolled back, next attempt in');
  await release();
  expect((await run.finished).json()).toMatchObject({
    outcome: 'applied',
    exitCode: 0,
    version: HEAD,
  });
});

test('a run that is the victim of a deadlock is tried again', async () => {
  const database = await testDatabase({ rows: true });
  // The other client never looks for a deadlock first, so that it is the run which is ended.
  const other = await database.connect();
  await other.query(
    "SET deadlock_timeout = '10min'; BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE",
  );
  const run = start(['up', '--lock-timeout=60s', '--json'], { url: database.url });
  const { pid } = await blockedRun(database);
  // The run has locked users by the foreign key that refers to it.
  const crossing = other.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
  await eventually('two that wait for each other, or the end of it', async () => {
    const [row] = await database.query<{ pids: number[] }>(
      "SELECT pg_blocking_pids(pid) AS pids FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE users%' AND state = 'active'",
    );
    return row === undefined || row.pids.includes(pid);
  });
  await run.printed('deadlock detected; rolled back, next attempt in');
  await crossing;
  await other.query('COMMIT');
  expect((await run.finished).json()).toMatchObject({
    outcome: 'applied',
    exitCode: 0,
    version: HEAD,
  });
});

test('writers get past a run that waits: as soon as it gives up, although the long transaction goes on', async () => {
  const database = await testDatabase({ rows: true });
  const long = await holder(database);
  const run = call(['up', '--lock-timeout=3s', '--retries=0', '--json'], { url: database.url });
  const { pid } = await blockedRun(database);
  const writer = await database.connect();
  const { rows } = await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const writing = writer.query(INSERT);
  const blockers = await eventually('a writer that queues', async () => {
    const [row] = await database.query<{ pids: number[] }>('SELECT pg_blocking_pids($1) AS pids', [
      rows[0]?.pid,
    ]);
    return row !== undefined && row.pids.length > 0 && row.pids;
  });
  expect(blockers, 'it waits for the run, and not for the long transaction').toEqual([pid]);
  await writing;
  const [held] = await database.query(
    'SELECT FROM pg_locks WHERE pid = $1 AND granted AND locktype = $2',
    [long.pid, 'relation'],
  );
  expect(held, 'the long transaction is still there').toBeDefined();
  expect((await run).json()).toMatchObject({ exitCode: 4 });
});

test('--statement-timeout ends a statement: exit 5, rolled back', async () => {
  const database = await testDatabase({ rows: true });
  const dump = await database.dump();
  await holder(database);
  const argv = ['up', '--statement-timeout=300ms', '--lock-timeout=60s', '--json'];
  expect((await call(argv, { url: database.url })).json()).toMatchObject({
    exitCode: 5,
    version: null,
    error: { sqlstate: '57014' },
  });
  expect(await database.dump()).toBe(dump);
});

test('rows that 0004 cannot accept stop it after 0003 is committed: exit 8; mended, the next up goes on', async () => {
  const database = await testDatabase({ rows: true });
  await database.query(`ALTER TABLE workflow_executions ALTER template_id DROP NOT NULL;
    INSERT INTO workflow_executions (template_id) VALUES (NULL)`);
  const report = (await call(['up', '--json'], { url: database.url })).json();
  expect(report).toMatchObject({
    outcome: 'partial',
    exitCode: 8,
    version: '0003_link-workflow-executions',
    error: { sqlstate: '23514' },
  });
  expect(report.error?.message).toContain('the database is at 0003_link-workflow-executions');
  expect(report.error?.hint).toContain('npm run migrate up');
  expect(report.pending).toEqual(['0004_validate-workflow-executions', HEAD]);
  expect((await call(['check'], { url: database.url })).code).toBe(0);
  await database.query(
    "UPDATE workflow_executions SET template_id = 'onboarding' WHERE template_id IS NULL",
  );
  const next = (await call(['up', '--json'], { url: database.url })).json();
  expect(next).toMatchObject({ exitCode: 0, version: HEAD });
  expect(next.applied.map(({ name }) => name)).toEqual(['0004_validate-workflow-executions', HEAD]);
});

test('an invalid index that a broken build has left is made anew', async () => {
  const database = await testDatabase({ rows: true });
  expect((await call(['up', '0004'], { url: database.url })).code).toBe(0);
  const build =
    'CREATE UNIQUE INDEX CONCURRENTLY idx_workflow_executions_user_workflow_id ON workflow_executions ((1))';
  await expect(database.query(build)).rejects.toThrow('could not create unique index');
  expect((await call(['up', '--json'], { url: database.url })).json()).toMatchObject({
    exitCode: 0,
    version: HEAD,
  });
  expect((await call(['check', '--strict'], { url: database.url })).code).toBe(0);
  expect(await backends(database)).toEqual([]);
});
