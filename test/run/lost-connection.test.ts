import { expect, test } from 'vitest';
import { readConfiguration } from '../../scripts/database/configuration.ts';
import { withConnection } from '../../scripts/database/connection.ts';
import type { Context } from '../../scripts/runner/context.ts';
import { withRunLock } from '../../scripts/runner/run-lock.ts';
import type { Database } from '../support/database.ts';
import { advisoryLocks, backends, noBackends } from '../support/eventually.ts';
import { setUp, sqlStep, stateOf, step, table } from '../support/project.ts';
import { testDatabase } from '../support/test-database.ts';
import { blockRun, expectRecovery, ITEMS, LAST, LONG_WAIT, places, setUpItems } from './items.ts';

/** Terminates the session that a run uses for this purpose, and waits until it is gone. */
async function terminate(database: Database, purpose: 'run' | 'lock'): Promise<void> {
  for (const { pid } of await backends(database, purpose))
    await database.query(`SELECT pg_terminate_backend($1)`, [pid]);
  await noBackends(database, purpose);
}

test.for([
  ['lock', ...places[0], 3, 'run-lock-lost'],
  ['run', ...places[0], 3, 'connection-lost'],
  ['lock', ...places[1], 8, 'run-lock-lost'],
  ['run', ...places[1], 8, 'connection-lost'],
  ['lock', ...places[2], 8, 'run-lock-lost'],
  ['lock', ...places[3], 8, 'run-lock-lost'],
  ['run', ...places[3], 8, 'connection-lost'],
] as const)('a run recovers if its %s connection is lost %s', async (values) => {
  const [purpose, , line, sql, version, exitCode, code] = values;
  const { database, run } = await setUpItems();
  if (line !== 'up') await run('up');
  const before = await stateOf(database);
  const begin = () => run(`${line} ${LONG_WAIT} --allow-data-loss`);
  const { running, release } = await blockRun(database, sql, begin);
  await terminate(database, purpose);
  await release();
  expect(await running).toMatchObject({ exitCode, version, error: { code } });
  const goesOn = exitCode === 8 && line === 'up';
  expect((await running).error?.hint.includes('Then continue:')).toBe(goesOn);
  expect(await advisoryLocks(database)).toEqual([]);
  if (exitCode === 3) expect(await stateOf(database)).toEqual(before);
  await expectRecovery(database, run, line);
});

const rename = sqlStep('0001_a', { 'app.t': { table: '' } }, 'ALTER SCHEMA old RENAME TO app');
const old = 'CREATE SCHEMA old; CREATE TABLE old.t (id integer CHECK (id > 0))';
const lockOld = 'BEGIN; LOCK TABLE old.t';

test('a run stops if the run lock is lost while the check before COMMIT waits for a table', async () => {
  const { database, run } = await setUp(rename, old);
  const { running, release } = await blockRun(database, lockOld, () => run(`up ${LONG_WAIT}`));
  await terminate(database, 'lock');
  await release();
  expect(await running).toMatchObject({ exitCode: 3, error: { code: 'run-lock-lost' } });
});

test('nothing is committed if a migration outside a transaction fails in the check before it', async () => {
  const fails = `pgm.noTransaction(); void pgm.db.query('SELECT 1').catch(() => {});
    await new Promise((resolve) => process.once('SIGUSR2', resolve)); throw new Error('failed');`;
  const { database, run } = await setUp({ ...rename, ...step('0002_b', {}, fails) }, old);
  const { running, release } = await blockRun(database, lockOld, () => run(`up ${LONG_WAIT}`));
  process.emit('SIGUSR2');
  await release();
  const hint = expect.stringContaining('Nothing was changed.') as string;
  expect(await running).toMatchObject({ exitCode: 5, version: null, applied: [], error: { hint } });
});

test('a connection that is lost while the migration keeps Node.js busy is reported as lost', async () => {
  const busy = `console.log('busy'); for (const end = Date.now() + 2000; Date.now() < end;);`;
  const turns = `for (const turn of [1, 2]) await new Promise(setImmediate);`;
  const up = `${busy} ${turns} await pgm.db.query('SELECT 1');`;
  const { database, start } = await setUpItems({ ...ITEMS, ...step('0001_tags', {}, up) });
  const { printed, finished } = start('up');
  await printed('busy');
  await terminate(database, 'run');
  const error = { code: 'connection-lost' };
  expect((await finished).json()).toMatchObject({ exitCode: 3, error });
});

test('after the run lock is lost, a migration outside a transaction sends no further statement', async () => {
  const up = `pgm.noTransaction(); pgm.sql('COMMENT ON TABLE items IS NULL');
    pgm.sql('CREATE TABLE IF NOT EXISTS second (id integer)');`;
  const files = { ...ITEMS, ...step('0003_index', table('second', 'id'), up) };
  const { database, run, tables } = await setUpItems(files);
  await run('up 2');
  const lock = 'BEGIN; LOCK TABLE items IN SHARE MODE';
  const { running, release } = await blockRun(database, lock, () => run('up'));
  await terminate(database, 'lock');
  await release();
  expect(await running).toMatchObject({ exitCode: 8, version: '0002_note', applied: [] });
  expect(await tables()).not.toContain('second');
  expect(await run('up')).toMatchObject({ exitCode: 0, version: LAST });
});

// No migration can use the connection of the run lock. But a pooler may end the transaction on it.
test.for(['COMMIT', 'ROLLBACK', 'COMMIT; BEGIN', 'ROLLBACK; BEGIN'])(
  'the run lock is not held any more after "%s" on its connection',
  async (end) => {
    const { url } = await testDatabase({ base: false });
    const context = {
      configuration: readConfiguration('URL', { URL: url }),
      command: 'up',
      signal: new AbortController().signal,
      options: { connectWait: 0, lockWait: 0 },
    } as unknown as Context;
    await withConnection(context, 'lock', (connected) =>
      withRunLock(connected, async (assertLock) => {
        await assertLock();
        await connected.connection.query(end);
        await expect(assertLock()).rejects.toMatchObject({ code: 'run-lock-lost' });
      }),
    );
  },
);
