import { expect, inject, test } from 'vitest';
import type { Database } from '../support/database.ts';
import { advisoryLocks, eventually, TAKE_RUN_LOCK } from '../support/eventually.ts';
import { testAll } from '../support/test-all.ts';
import { hold } from './items.ts';
import { creates, setUp, step, table } from '../support/project.ts';

/** The timeout in these tests. The program's own queries take less, even on a busy machine. */
const LIMIT = '2s';
const LONGER = 3.5;
const idle = ['idle_in_transaction_session_timeout', 'idle_session_timeout', 'lock_timeout'];
const isKnown = (name: string) =>
  name !== 'transaction_timeout' || Number.parseInt(inject('server').version) >= 17;
const allTimeouts = () => [...idle, 'statement_timeout', 'transaction_timeout'].filter(isKnown);

/** A project whose second migration takes `seconds`, and a database or role with these timeouts. */
async function setUpLimited(where: string, timeouts: string[], seconds: number, outside = '') {
  const up = `${outside} pgm.sql('SELECT pg_sleep(${seconds})'); pgm.sql('CREATE TABLE b (id integer)');`;
  const project = await setUp({
    ...creates('a'),
    ...step('0002_b', table('b', 'id'), up, `pgm.sql('DROP TABLE b');`),
  });
  const place = `DATABASE ${project.database.name}`;
  const target = where === 'role' ? `ROLE CURRENT_USER IN ${place}` : place;
  const set = timeouts.map((name) => `ALTER ${target} SET ${name} = '${LIMIT}'`);
  await project.database.query(set.join('; '));
  return project;
}
const OUTSIDE = 'pgm.noTransaction();';

/** Waits until the connection of the run lock is older than the timeouts. */
const lockIsOld = (database: Database) =>
  eventually('a connection that is older than the timeouts', async () => {
    const old = await database.query(`SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'migrate up lock %'
        AND clock_timestamp() - backend_start > interval '${LIMIT}' * 1.5`);
    return old.length === 1;
  });

/** Expects that a migration may take longer than these timeouts. */
async function expectNoLimit(where: string, timeouts: string[], outside: string) {
  const { database, run } = await setUpLimited(where, timeouts, LONGER, outside);
  const running = run('up');
  await lockIsOld(database);
  expect(await advisoryLocks(database)).toHaveLength(1);
  expect(await running).toMatchObject({ error: null, exitCode: 0, version: '0002_b' });
}

/** Expects that a run may wait for another run longer than all timeouts. */
async function expectToWait(where: string) {
  const { database, run } = await setUpLimited(where, allTimeouts(), 0);
  const lock = `SET idle_session_timeout = 0; ${TAKE_RUN_LOCK}`;
  const { release } = await hold(database, lock);
  const running = run('up');
  await lockIsOld(database);
  await release();
  expect(await running).toMatchObject({ error: null, exitCode: 0, version: '0002_b' });
}

/** Expects that a timeout ends a statement outside a transaction, where the program cannot change it. */
async function expectLimit(where: string, timeout: string, sqlstate: string) {
  const { database, run } = await setUpLimited(where, [timeout], 60, OUTSIDE);
  const state = { outcome: 'partial', exitCode: 8, version: '0001_a' };
  expect(await run('up')).toMatchObject({ ...state, error: { sqlstate } });
  await eventually('no run lock', async () => (await advisoryLocks(database)).length === 0);
  expect(await run('check --strict')).toMatchObject({ exitCode: 0, version: '0001_a' });
}

// The four or five parts run at the same time, since each one waits for seconds.
const places = testAll ? ['role', 'database'] : ['role'];
test.for(places)('timeouts of the %s end only statements outside a transaction', async (where) => {
  await Promise.all([
    expectNoLimit(where, allTimeouts(), ''),
    expectNoLimit(where, idle, OUTSIDE),
    expectToWait(where),
    expectLimit(where, 'statement_timeout', '57014'),
    isKnown('transaction_timeout') && expectLimit(where, 'transaction_timeout', '25P04'),
  ]);
});

// After query_timeout, `pg` gives up, but the server goes on: the result of a COMMIT would be unknown.
test.for([
  ['query_timeout=500&connect_timeout=9999999', ''],
  ['statement_timeout=500', OUTSIDE],
] as const)('timeouts in the URL do not limit a migration: %s %s', async ([query, outside]) => {
  const { database, run } = await setUpLimited('role', [], 1, outside);
  const report = await run('up', `${database.url}?${query}`);
  expect(report).toMatchObject({ exitCode: 0, version: '0002_b' });
});

test.for(['', OUTSIDE])(
  '--statement-timeout ends a statement, unless it runs outside a transaction: %s',
  async (outside) => {
    const { database, run, tables } = await setUpLimited('role', [], 1, outside);
    const report = await run('up --statement-timeout=300ms');
    if (outside === '') {
      expect(report).toMatchObject({ exitCode: 5, version: null, error: { sqlstate: '57014' } });
      expect(await tables()).toEqual([]);
    } else expect(report).toMatchObject({ exitCode: 0, version: '0002_b' });
    expect(await advisoryLocks(database)).toEqual([]);
  },
);

test.for(['plan', 'up'])(
  '%s does not wait for a SERIALIZABLE transaction of another session',
  { timeout: 20_000 },
  async (line) => {
    const { run, database } = await setUp(creates('a'));
    const alter = `ALTER DATABASE ${database.name} SET`;
    await database.query(`${alter} default_transaction_isolation = serializable;
      ${alter} default_transaction_deferrable = on`);
    const other = await database.connect();
    await other.query('BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE; SELECT FROM pg_class');
    expect(await run(line)).toMatchObject({ exitCode: 0 });
  },
);
