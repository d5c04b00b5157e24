import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import { expect, test } from 'vitest';
import { RUN_LOCK_KEY } from '../../scripts/runner/run-lock.js';
import type { Database } from '../support/database.js';
import { advisoryLocks, backends, blockedRun, eventually } from '../support/eventually.js';
import { startProgram } from '../support/migrate.js';
import { root } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';
import { HEAD, call, start } from './workflows.js';

/** A session that holds the run lock, as the framework's own CLI holds it: for the session. */
async function lockHolder(database: Database, name = 'another deploy') {
  const session = await database.connect();
  await session.query(`SET application_name = '${name}'`);
  await session.query(`SELECT pg_advisory_lock(${RUN_LOCK_KEY})`);
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return {
    session,
    pid: rows[0]?.pid,
    release: () => session.query('SELECT pg_advisory_unlock_all()'),
  };
}

/** Stops runs at `workflow_executions` until it is let go. */
async function tableHolder(database: Database) {
  const session = await database.connect();
  await session.query('BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE');
  return { release: () => session.query('COMMIT') };
}

test('the run lock has the key of the framework', () => {
  expect(RUN_LOCK_KEY).toBe(String(PG_MIGRATE_LOCK_ID));
});

test('a run gives up after --lock-wait, names the holder, and has written nothing', async () => {
  const database = await testDatabase();
  const { pid } = await lockHolder(database);
  const before = await database.dump();
  const result = await call(['up', '--lock-wait=0.3', '--json'], { url: database.url });
  expect(result.json()).toMatchObject({
    outcome: 'locked',
    exitCode: 4,
    version: null,
    applied: [],
  });
  expect(result.json().error?.message.replace(/ for \d+ s,/, ' for N s,')).toBe(
    `another run holds the run lock, and did not release it within 0.3 s: pid ${pid}, "another deploy", from 127.0.0.1, ` +
      'for N s, idle: SELECT pg_backend_pid() AS pid',
  );
  expect(result.json().error?.hint).toContain(`SELECT pg_terminate_backend(${pid});`);
  expect(await database.dump()).toBe(before);
  expect(await advisoryLocks(database)).toEqual([{ pid }]);
});

test('a run waits, says for whom, and goes on when the lock is free', async () => {
  const database = await testDatabase();
  const { release } = await lockHolder(database);
  const run = start(['up', '--json'], { url: database.url });
  await run.printed('waiting for another run: pid');
  await release();
  const { code, stderr, json } = await run.finished;
  expect(stderr).toContain('"another deploy", from 127.0.0.1');
  expect(json()).toMatchObject({ outcome: 'applied', version: HEAD });
  expect(code).toBe(0);
});

test("the framework's own CLI is refused while a run holds the lock", async () => {
  const database = await testDatabase();
  const { release } = await tableHolder(database);
  const run = call(['up', '--lock-timeout=60s'], { url: database.url });
  await blockedRun(database);
  const cli = await startProgram(
    process.execPath,
    [`${root}node_modules/node-pg-migrate/bin/node-pg-migrate.js`, 'up'],
    {
      url: database.url,
    },
  ).finished;
  expect(cli.code).not.toBe(0);
  expect(cli.stdout + cli.stderr).toContain('Another migration is already running');
  await release();
  expect((await run).code).toBe(0);
});

test('both connections of a run bear names that an operator recognises', async () => {
  const database = await testDatabase();
  const { release } = await tableHolder(database);
  const run = call(['up', '--lock-timeout=60s'], { url: database.url });
  await blockedRun(database);
  const names = (await backends(database)).map(({ name }) => name.split(' ').slice(0, 3).join(' '));
  expect(names.filter((name) => !name.endsWith('watch')).sort()).toEqual([
    'migrate up lock',
    'migrate up run',
  ]);
  await release();
  expect((await run).code).toBe(0);
});

const timeouts = [
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
  'idle_session_timeout',
];

test.each(timeouts)('a run outlives %s, set on the database', async (setting) => {
  const database = await testDatabase();
  const [known] = await database.query('SELECT FROM pg_settings WHERE name = $1', [setting]);
  if (known === undefined) return;
  const { release } = await tableHolder(database);
  await database.query(`ALTER DATABASE ${database.name} SET ${setting} = '300ms'`);
  const run = call(['up', '--lock-timeout=60s', '--json'], { url: database.url });
  await eventually('a lock that is held for longer than the timeout', async () => {
    const old =
      await database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND application_name LIKE 'migrate up lock %' AND state = 'idle in transaction'
      AND clock_timestamp() - state_change > interval '900 ms'`);
    return old.length === 1 && (await blockedRun(database));
  });
  expect(await advisoryLocks(database)).toHaveLength(1);
  await release();
  expect((await run).json()).toMatchObject({ outcome: 'applied', version: HEAD, error: null });
});

test('a run outlives idle_session_timeout while it waits for another run', async () => {
  const database = await testDatabase();
  const { release } = await lockHolder(database);
  await database.query(`ALTER DATABASE ${database.name} SET idle_session_timeout = '300ms'`);
  const run = call(['up', '--json'], { url: database.url });
  await eventually('a run that has waited for longer than the timeout', async () => {
    const old =
      await database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND application_name LIKE 'migrate up lock %' AND clock_timestamp() - backend_start > interval '900 ms'`);
    return old.length === 1;
  });
  await release();
  expect((await run).json()).toMatchObject({ outcome: 'applied', version: HEAD, error: null });
});

test('a run that another one has overtaken between two attempts refuses to go on from elsewhere', async () => {
  const database = await testDatabase();
  await call(['up', '2'], { url: database.url });
  const { release } = await tableHolder(database);
  const run = start(['up', '--lock-timeout=200ms', '--retries=50', '--json'], {
    url: database.url,
  });
  await run.printed('attempt 1 of 51');
  expect((await call(['down', '--json'], { url: database.url })).json()).toMatchObject({
    exitCode: 0,
  });
  const { json } = await run.finished;
  expect(json()).toMatchObject({
    outcome: 'locked',
    exitCode: 4,
    version: '0001_create-workflow-templates',
    applied: [],
    error: { code: 'overtaken' },
  });
  await release();
  expect((await call(['check', '--json'], { url: database.url })).json()).toMatchObject({
    exitCode: 0,
    version: '0001_create-workflow-templates',
  });
});
