import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { advisoryLocks, blockedRun, eventually } from '../support/eventually.ts';
import { creates, stateOf, step } from '../support/project.ts';
import { blockRun, hold, HOLD_ITEMS, ITEMS, LAST, LONG_WAIT, places, setUpItems } from './items.ts';

test.for([
  ['a migration', HOLD_ITEMS],
  ['the check', 'BEGIN; LOCK TABLE items'],
  ['the query of the migrations table', 'BEGIN; LOCK TABLE pgmigrations'],
] as const)('a run gives up after the retries if %s waits for a lock', async ([what, sql]) => {
  const { database, run } = await setUpItems();
  if (sql.includes('pgmigrations')) await run('up 1');
  const before = await stateOf(database);
  const { pid, release } = await hold(database, sql);
  const options = '--lock-timeout=600ms --retries=1';
  const { error, ...state } = await run(`up ${options}`);
  expect(state).toMatchObject({ outcome: 'locked', exitCode: 4, applied: [] });
  expect(error).toMatchObject({ code: 'table-lock', sqlstate: '55P03' });
  const isMigration = what === 'a migration';
  const place = isMigration ? /timeout, in migrations\/0002_note\.ts\nblocked/ : /timeout\nblocked/;
  expect(error?.message).toMatch(place);
  expect(error?.message).toContain('2 attempts');
  expect(error?.hint).toContain('Nothing was changed.');
  expect(error?.message).toContain(`pid ${pid}, "nightly report", from 127.0.0.1`);
  // `status` and `plan` only read, but they also retry, and name the session that blocks them.
  for (const line of ['status', 'plan']) {
    const read = await run(`${line} ${options}`);
    expect([line, read.exitCode]).toEqual([line, isMigration ? 0 : 4]);
    const blockers = `lock timeout\nblocked by:\n  pid ${pid}, "nightly`;
    if (!isMigration) expect(read.error?.message).toContain(blockers);
  }
  await release();
  expect(await stateOf(database)).toEqual(before);
  expect(await advisoryLocks(database)).toEqual([]);
});

test.for([places[0], places[2]])('a run names who blocks it, %s', async ([, line, sql]) => {
  const { database, run, start } = await setUpItems();
  if (line !== 'up') await run('up');
  const { pid, release } = await hold(database, sql);
  const { printed, finished } = start(`${line} ${LONG_WAIT}`);
  await printed(`pid ${pid}, "nightly report"`);
  await release();
  expect((await finished).json()).toMatchObject({ exitCode: 0, error: null });
});

test('a run counts its attempts, whether a migration or the first query waits for a lock', async () => {
  const waits = step('0002_waits', {}, `pgm.sql('SELECT pg_advisory_xact_lock(1)');`);
  const { database, run, start } = await setUpItems({ ...creates('tags'), ...waits });
  await run('up 1');
  const { release } = await hold(database, 'SELECT pg_advisory_lock(1)');
  const { printed, finished } = start('up --lock-timeout=300ms --retries=3');
  await printed('attempt 1 of 4');
  const { release: unlock } = await hold(database, 'BEGIN; LOCK TABLE pgmigrations');
  const { code, stderr } = await finished;
  const attempts = ['attempt 1 of 4', 'attempt 2 of 4', 'attempt 3 of 4'];
  expect([code, stderr.match(/attempt \d of \d/g)]).toEqual([4, attempts]);
  await Promise.all([release(), unlock()]);
});

test('a run reports a failure outside a transaction without more attempts to read the schema', async () => {
  const sql = 'SELECT pg_advisory_lock(1), pg_advisory_unlock(1); SELECT 1 / 0';
  const fails = step('0002_fails', {}, `pgm.noTransaction(); pgm.sql('${sql}');`);
  const { database, run, start } = await setUpItems({ ...creates('tags'), ...fails });
  await run('up 1');
  const begin = () => start('up --lock-timeout=200ms --retries=3');
  const { running, release } = await blockRun(database, 'SELECT pg_advisory_lock(1)', begin);
  const { release: unlock } = await hold(database, 'BEGIN; LOCK TABLE pgmigrations');
  await release();
  const { code, stderr } = await running.finished;
  expect([code, stderr]).toEqual([8, expect.stringContaining('division by zero')]);
  expect(stderr).not.toContain('next attempt');
  await unlock();
});

test('a run prints the progress of an index build', async () => {
  const { database, start } = await setUpItems();
  const snapshot = 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1';
  const { pid, release } = await hold(database, snapshot);
  const { printed, finished } = start('up --lock-timeout=60ms');
  await printed('waiting for old snapshots: ');
  await printed(`pid ${pid}, "nightly report"`);
  await sleep(500);
  await release();
  const { stderr, json } = await finished;
  expect(json()).toMatchObject({ exitCode: 0, version: LAST });
  // At most one line every two seconds, however short --lock-timeout is.
  const { milliseconds } = json();
  expect(stderr.match(/old snapshots: /g)?.length).toBeLessThanOrEqual(1 + milliseconds / 2000);
});

test('a run tries again after a deadlock', async () => {
  const note = { 'public.items': { 'column note': 'text NULL' } };
  const up = `pgm.sql('COMMENT ON TABLE tags IS NULL'); pgm.sql('SELECT pg_advisory_xact_lock(1)');
    pgm.sql('ALTER TABLE items ADD COLUMN note text');`;
  const { database, run, start } = await setUpItems({ ...ITEMS, ...step('0002_note', note, up) });
  await run('up 1');
  // The other session never looks for a deadlock, so PostgreSQL ends the statement of the run.
  const begin = `SET deadlock_timeout = '10min'; BEGIN; LOCK TABLE items IN ACCESS SHARE MODE`;
  const { session, release } = await hold(database, begin);
  const pause = await hold(database, 'BEGIN; SELECT pg_advisory_xact_lock(1)');
  const { printed, finished } = start('up --lock-timeout=60s');
  await blockedRun(database);
  const crossing = session.query('LOCK TABLE tags');
  await pause.release();
  await printed('deadlock detected, in ');
  await printed('0002_note');
  await printed('; rolled back, next attempt in');
  await crossing;
  await release();
  expect((await finished).json()).toMatchObject({ outcome: 'applied', exitCode: 0, version: LAST });
});

test('writers go on as soon as a waiting run gives up, although the long transaction goes on', async () => {
  const { database, run } = await setUpItems();
  const begin = () => run('up --lock-timeout=3s --retries=0');
  const { running, blocked, release } = await blockRun(database, undefined, begin);
  const writer = await hold(database, 'SELECT 1');
  const writing = writer.session.query(`INSERT INTO items VALUES (51, 'new')`);
  const blockers = await eventually('a writer that waits', async () => {
    const query = 'SELECT pg_blocking_pids($1) AS pids';
    const [row] = await database.query<{ pids: number[] }>(query, [writer.pid]);
    return row !== undefined && row.pids.length > 0 && row.pids;
  });
  expect(blockers, 'it waits for the run, and not for the long transaction').toEqual([blocked.pid]);
  await writing;
  expect(await running).toMatchObject({ exitCode: 4 });
  await release();
});
