import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RUN_LOCK_KEY } from '../../scripts/runner/run-lock.js';
import { blockedRun } from '../support/eventually.js';
import { testDatabase } from '../support/test-database.js';
import { call, HEAD, start } from './workflows.js';

/** What the connection of the run lock must not do, and what must not be done to it, while it is idle. */

test('CREATE INDEX CONCURRENTLY does not wait for the run lock, held or waited for', async () => {
  const database = await testDatabase();
  const held = await database.connect();
  await held.query(`BEGIN; SELECT pg_try_advisory_xact_lock(${RUN_LOCK_KEY})`);
  const waiting = start(['up', '--lock-wait=60'], { url: database.url });
  await waiting.printed('waiting for another run');
  const builder = await database.connect();
  // Ends the test where the build hangs.
  await builder.query("SET statement_timeout = '20s'");
  await builder.query('CREATE INDEX CONCURRENTLY others ON sessions (user_id)');
  await held.query('COMMIT');
  expect((await waiting.finished).code).toBe(0);
  const [index] = await database.query(
    "SELECT indisvalid FROM pg_index WHERE indexrelid = 'others'::regclass",
  );
  expect(index).toEqual({ indisvalid: true });
});

test.runIf(process.platform === 'linux')(
  'idle connections of a run are kept alive, so that no firewall forgets them',
  async () => {
    const database = await testDatabase();
    const holder = await database.connect();
    await holder.query('BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE');
    const run = call(['up', '--lock-timeout=60s'], { url: database.url });
    await blockedRun(database);
    // proc_pid_net(5): remote address, state, queues, and the timer: 02 is the one for keepalive, then its hundredths of a second.
    const port = Number(new URL(database.url).port).toString(16).toUpperCase().padStart(4, '0');
    const timers = [
      ...readFileSync('/proc/net/tcp', 'utf8').matchAll(/:(\w{4}) 01 \w+:\w+ 02:(\w+)/g),
    ];
    const ours = timers
      .filter(([, remote]) => remote === port)
      .map(([, , time = '']) => Number.parseInt(time, 16) / 100);
    expect(ours.length).toBeGreaterThanOrEqual(1);
    expect(Math.max(...ours)).toBeLessThanOrEqual(60);
    await holder.query('COMMIT');
    expect((await run).code).toBe(0);
  },
);

test.each(['serializable', 'repeatable read'])(
  'a role whose transactions are %s: the lock has no snapshot',
  async (level) => {
    const database = await testDatabase();
    await database.query(
      `ALTER DATABASE ${database.name} SET default_transaction_isolation = '${level}'`,
    );
    // A lock with a snapshot would keep the concurrent index of 0005 waiting for ever.
    expect((await call(['up', '--json'], { url: database.url })).json()).toMatchObject({
      exitCode: 0,
      version: HEAD,
    });
  },
);
