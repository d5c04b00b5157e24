import { describe, expect, inject, test } from 'vitest';
import { makeDatabase, type Database } from '../support/database.js';
import { backends, blockedRun, eventually, rowsOf } from '../support/eventually.js';
import { testAll } from '../support/everything.js';
import { holds } from './hold.js';
import { startProxy } from './proxy.js';
import { expectChecked, expectRecovery } from './recovery.js';
import { testDatabase } from '../support/test-database.js';
import { HEAD, call, start } from './workflows.js';

/** `STORM=1`: the process is killed after every message to the server. Otherwise after some. */
const STEP = testAll ? 1 : 11;
const PATIENT = '--lock-timeout=10min';

/** A database to go up from, or down from. */
async function beginning(argv: readonly string[]): Promise<Database> {
  const database = await testDatabase({ rows: true });
  if (argv[0] === 'down') expect((await call(['up'], { url: database.url })).code).toBe(0);
  return database;
}

describe('kill -9', () => {
  test.each(holds.filter((_, index) => testAll || index % 2 === 0))(
    '%s',
    async (_, { argv, version, hold }) => {
      const database = await beginning(argv);
      const rows = await rowsOf(database);
      const { release } = await hold(database);
      const run = start([...argv, PATIENT], { url: database.url });
      await blockedRun(database);
      run.child.kill('SIGKILL');
      expect((await run.finished).signal).toBe('SIGKILL');
      // A server process that waits for a lock goes on with its statement, and sees only then that its client is gone.
      await release();
      await eventually(
        'the end of its sessions',
        async () => (await backends(database)).length === 0,
      );
      expect((await expectChecked(database)).version).toBe(version);
      await expectRecovery(database, rows);
    },
  );

  /** Kills a run where it is held, and starts the next one while the server is still at what it was killed at. */
  async function followed(database: Database, hold: string) {
    const session = await database.connect();
    await session.query(hold);
    const run = start(['up', PATIENT], { url: database.url });
    const orphan = await blockedRun(database);
    run.child.kill('SIGKILL');
    await run.finished;
    const next = call(['up', '--json', '--retries=1000'], { url: database.url });
    return { next, orphan, release: () => session.query('COMMIT') };
  }

  test('in the transaction: a run that comes while the server still waits for a table', async () => {
    const database = await testDatabase({ rows: true });
    const rows = await rowsOf(database);
    const hold = 'BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE';
    const { next, orphan, release } = await followed(database, hold);
    await eventually('a second run that waits for what is left of the first', async () =>
      (await backends(database)).some(({ blockers }) => blockers.includes(orphan.pid)),
    );
    await release();
    expect((await next).json()).toMatchObject({ outcome: 'applied', exitCode: 0, version: HEAD });
    await expectChecked(database);
    await expectRecovery(database, rows);
  });

  test('in the concurrent index: a run that comes while the server still builds it', async () => {
    const database = await testDatabase({ rows: true });
    const rows = await rowsOf(database);
    const { next, orphan, release } = await followed(
      database,
      'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1',
    );
    await eventually('a second run that waits too, or the end of the first', async () => {
      const runs = await backends(database, 'run');
      return (
        !runs.some(({ pid }) => pid === orphan.pid) ||
        runs.filter(({ blockers }) => blockers.length > 0).length > 1
      );
    });
    await release();
    expect((await next).json()).toMatchObject({ exitCode: 0, version: HEAD });
    expect((await expectChecked(database)).outcome).toBe('matches');
    await expectRecovery(database, rows);
  });
});

/** Kills the process after a message of its run connection, and recovers. Gives whether there was such a message. */
async function killedAndRecovers(
  template: Database,
  argv: readonly string[],
  after: number,
): Promise<boolean> {
  const database = await makeDatabase(inject('server').url, { template: template.name });
  const kill = () => run?.child.kill('SIGKILL');
  const proxy = await startProxy(database.url, { purpose: 'run', after, instead: kill });
  let run: ReturnType<typeof start> | undefined;
  try {
    const rows = await rowsOf(database);
    run = start(argv, { url: proxy.through(database.url) });
    const { signal, code, stderr } = await run.finished;
    expect([signal, code], stderr).toEqual(proxy.hasCut() ? ['SIGKILL', null] : [null, 0]);
    await expectChecked(database);
    await expectRecovery(database, rows);
    return proxy.hasCut();
  } catch (error) {
    throw new Error(
      `${argv.join(' ')}, killed after message ${after}: ${(error as Error).message}`,
      { cause: error },
    );
  } finally {
    await proxy.stop();
    await database.drop();
  }
}

const ways = [
  ['up', ['up']],
  ['down', ['down', '9', '--allow-data-loss']],
] as const;

test.each(ways)(
  'kill -9 of %s after each of its messages',
  { timeout: 1_200_000 },
  async (_, argv) => {
    const template = await beginning(argv);
    let kills = 0;
    while (await killedAndRecovers(template, argv, 1 + kills * STEP)) kills++;
    console.log(
      `${argv.join(' ')}: the process was killed at ${kills} points, and each was recovered from.`,
    );
    expect(kills).toBeGreaterThanOrEqual(Math.floor(30 / STEP));
  },
);
