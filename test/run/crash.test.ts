import { describe, expect, test } from 'vitest';
import { backends, eventually, noBackends } from '../support/eventually.ts';
import { step } from '../support/project.ts';
import { testAll } from '../support/test-all.ts';
import { blockRun, expectRecovery, ITEMS, LAST, LONG_WAIT, places, setUpItems } from './items.ts';
import { testPooler } from './pgbouncer.ts';
import { startProxy, type Cut } from './proxy.ts';
import { errorMessage } from './relay.ts';

describe('after kill -9, the same command completes the work', () => {
  test.for(places)('%s', async ([, line, sql, version]) => {
    const { database, run, start } = await setUpItems();
    if (line !== 'up') await run('up');
    const { running, release } = await blockRun(database, sql, () => start(`${line} ${LONG_WAIT}`));
    running.child.kill('SIGKILL');
    await running.finished;
    // While a server process waits for a lock, it does not notice that its client is gone.
    await release();
    await noBackends(database);
    expect(await run('check')).toMatchObject({ version });
    await expectRecovery(database, run, line);
  });

  test.for(testAll ? places : places.slice(0, 2))(
    '%s: even if the server still works for the killed run when the next run starts',
    async ([, line, sql]) => {
      const { database, run, start } = await setUpItems();
      if (line !== 'up') await run('up');
      const begin = () => start(`${line} ${LONG_WAIT}`);
      const { running, blocked, release } = await blockRun(database, sql, begin);
      running.child.kill('SIGKILL');
      await running.finished;
      const next = run(`${line} --retries=1000 --lock-timeout=500ms`);
      await eventually('a second run that waits, or the end of the first', async () => {
        const all = await backends(database);
        const others = all.filter(({ pid }) => pid !== blocked.pid);
        return others.length === all.length || others.some(({ blockers }) => blockers.length > 0);
      });
      await release();
      expect(await next).toMatchObject({ exitCode: 0 });
      await expectRecovery(database, run, line);
    },
  );
});

/** Matches the message COMMIT. After it, the program cannot know whether the server has committed. */
const COMMITS = /^Q[^]{4}COMMIT\0/;
const cuts: readonly [what: string, cut: Omit<Cut, 'after'>, step: number][] = [
  ['the run', { purpose: 'run' }, testAll ? 1 : 5],
  ['the run, at COMMIT', { purpose: 'run', of: COMMITS }, 1],
  ['the run lock', { purpose: 'lock' }, testAll ? 1 : 3],
];
const routes = testAll ? ['directly', 'behind PgBouncer'] : ['directly'];

describe.for(routes)(
  'a run recovers from a lost connection, whatever message was the last, %s',
  (where) => {
    test.for(cuts)('connection of %s', { timeout: 1_200_000 }, async ([, cut, step], context) => {
      const { database, run } = await setUpItems();
      const pooler = where === 'directly' ? undefined : await testPooler(context, database.url);
      const url = pooler?.through(database.url) ?? database.url;
      let after = 1;
      for (let hasCut = true; hasCut; after += step) {
        hasCut = false;
        for (const line of ['up', 'down 9']) {
          const proxy = await startProxy(url, { ...cut, after });
          const report = await run(line, proxy.through(url));
          hasCut ||= proxy.hasCut();
          const at = `${line}, cut after message ${after}`;
          const isPartial = report.applied.length + report.reverted.length > 0;
          const codes = isPartial ? [8] : [3, 8];
          if (report.exitCode !== 0) expect(codes, at).toContain(report.exitCode);
          const hint = expect.stringContaining('it is unknown') as string;
          if (cut.of && proxy.hasCut()) expect(report).toMatchObject({ error: { hint } });
          proxy.stop();
          await expectRecovery(database, run, line);
        }
      }
      expect(after, 'at least one connection was cut').toBeGreaterThan(1 + step);
    });
  },
);

/** Ends the connection of a run, when it sends what matches, as a server does that crashes. */
function crashAt(url: string, of: RegExp, after = 1) {
  const panic = errorMessage('PANIC', '58030', 'could not fdatasync file');
  return startProxy(url, { purpose: 'run', of, after, instead: (client) => client.end(panic) });
}

test.for([
  [1, 3, null, '0002_note'],
  [2, 8, '0002_note', LAST],
] as const)('a server that crashes in COMMIT %i may have committed', async (values) => {
  const [after, exitCode, version, committed] = values;
  const { database, run } = await setUpItems();
  const proxy = await crashAt(database.url, COMMITS, after);
  const report = await run('up', proxy.through(database.url));
  const error = { code: 'connection-lost', sqlstate: '58030' };
  expect(report).toMatchObject({ exitCode, version, error });
  expect(report.error?.hint).toContain('it is unknown whether the server committed');
  expect(report.applied.at(-1)?.name ?? null).toBe(version);
  await noBackends(database);
  expect(await run('check')).toMatchObject({ version: committed });
});

test('a server that crashes in a statement outside a transaction may have committed', async () => {
  const up = `pgm.noTransaction(); pgm.sql('COMMENT ON TABLE items IS NULL');`;
  const { database, run } = await setUpItems({ ...ITEMS, ...step('0001_tags', {}, up) });
  const proxy = await crashAt(database.url, /^Q[^]{4}COMMENT/);
  const { exitCode, error } = await run('up', proxy.through(database.url));
  expect(exitCode).toBe(8);
  expect(error?.hint).toContain('What ran outside a transaction stays.');
});

test(
  'a run recovers from kill -9, whatever message to the server was the last',
  { timeout: 1_200_000 },
  async () => {
    const { database, run, start } = await setUpItems();
    const [first, step] = [2, testAll ? 1 : 11];
    let after = first;
    for (let isKilled = true; isKilled; after += step) {
      isKilled = false;
      for (const line of ['up', 'down 9']) {
        const proxy = await startProxy(database.url, {
          purpose: 'run',
          after,
          instead: () => child.kill('SIGKILL'),
        });
        const { child, finished } = start(line, proxy.through(database.url));
        const { signal, code } = await finished;
        expect([signal, code]).toEqual(proxy.hasCut() ? ['SIGKILL', null] : [null, 0]);
        isKilled ||= proxy.hasCut();
        proxy.stop();
        await expectRecovery(database, run, line);
      }
    }
    expect(after, 'at least one run was killed').toBeGreaterThan(first + step);
  },
);
