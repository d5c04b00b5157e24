import { connect } from 'node:net';
import { constants } from 'node:os';
import { expect, test, type TestContext } from 'vitest';
import { advisoryLocks, backends, blockedRun } from '../support/eventually.ts';
import { eventually, TAKE_RUN_LOCK } from '../support/eventually.ts';
import { npmScript, startProgram, type Running } from '../support/migrate.ts';
import { merged, step } from '../support/project.ts';
import { testAll } from '../support/test-all.ts';
import { blockRun, hold, HOLD_ITEMS, ITEMS, LAST, LONG_WAIT, setUpItems } from './items.ts';
import { testPooler } from './pgbouncer.ts';
import { startProxy } from './proxy.ts';
import { startRelay } from './relay.ts';

type Project = Awaited<ReturnType<typeof setUpItems>>;

/** Starts a run, and returns it when it is time to send the signal. */
type Situation = (project: Project, context: TestContext) => Promise<Running>;

/** A run that waits, because another session holds what `sql` locks. */
const heldBy =
  (sql: string, purpose = 'run'): Situation =>
  async ({ database, start }) =>
    (await blockRun(database, sql, () => start(`up ${LONG_WAIT}`), purpose)).running;

const situations: Readonly<Record<string, Situation>> = {
  'while a statement waits for a table': heldBy(HOLD_ITEMS),
  'while the first check waits for a table': heldBy('BEGIN; LOCK TABLE items', '%'),
  'while it waits for another run': async ({ database, start }) => {
    await hold(database, TAKE_RUN_LOCK);
    const running = start('up');
    await running.printed('waiting for another run');
    return running;
  },
  'between two attempts': async ({ database, start }) => {
    await hold(database);
    const running = start('up --lock-timeout=1ms --retries=1000');
    // Node.js warns about more than ten listeners of a signal. The twelfth attempt is after half a minute.
    await running.printed(`attempt ${testAll ? 12 : 5} of 1001`);
    return running;
  },
  'through PgBouncer, with a pool that has no connection to spare': async (project, context) => {
    const { database, start } = project;
    const pooler = await testPooler(context, database.url, { poolSize: 2 });
    const begin = () => start(`up ${LONG_WAIT}`, pooler.through(database.url));
    return (await blockRun(database, HOLD_ITEMS, begin)).running;
  },
};

const endings = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;
/** Combines each case with one of the signals, or with both if all tests run. */
const withSignals = <T>(cases: readonly T[]) =>
  cases.flatMap((one, index) => {
    const used = endings.filter((_, place) => testAll || place === index % endings.length);
    return used.map(([signal, code]) => [signal, one, code] as const);
  });

/** Expects that the run reports its end, and leaves nothing on the server, and that the next run works. */
async function expectInterrupted(project: Project, running: Running, exitCode: number) {
  const { database, run, applied, tables } = project;
  const { code, signal, json, stderr } = await running.finished;
  // npm kills itself with the signal that it got. Compute the exit code that a shell would report then.
  expect(code ?? 128 + constants.signals[signal ?? 'SIGKILL'], stderr).toBe(exitCode);
  const hint = expect.stringContaining('Nothing was changed.') as string;
  expect(json()).toMatchObject({ exitCode, applied: [], error: { code: 'interrupted', hint } });
  expect(stderr, 'no attempt leaves a listener behind').not.toContain('MaxListeners');
  await eventually(
    'the end of all statements of the run, although the other session still holds its locks',
    async () => (await backends(database)).every(({ state }) => state === 'idle'),
  );
  await database.query(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE application_name = 'nightly report' AND datname = current_database()`);
  expect(await advisoryLocks(database)).toEqual([]);
  expect(await tables()).toEqual(['items']);
  expect(await run('up')).toMatchObject({ exitCode: 0, version: LAST });
  expect(await applied()).toHaveLength(3);
}

test.for(withSignals(Object.keys(situations)))(
  '%s ends a run %s',
  async ([signal, name, code], context) => {
    const project = await setUpItems();
    const running = await situations[name]?.(project, context);
    running?.child.kill(signal);
    if (running) await expectInterrupted(project, running, code);
  },
);

test.for(withSignals(['', 'pgm.noTransaction();']))(
  '%s between two statements stops the run before the next one: %s',
  async ([signal, begin, code]) => {
    const up = `${begin} console.error('it waits'); await new Promise((done) => setTimeout(done, 500));
      pgm.sql('CREATE TABLE made ()');`;
    const files = ['0002_note', '0003_index'].map((name) => step(name, {}, up));
    const project = await setUpItems(merged([ITEMS, ...files]));
    await project.run('up 1');
    const running = project.start('up');
    await running.printed('it waits');
    running.child.kill(signal);
    expect((await running.finished).code).toBe(code);
    expect(await project.tables()).toEqual(['items', 'tags']);
  },
);

test.for(withSignals([1]))(
  '%s does not cancel the statement of another session with the same application_name',
  async ([signal, , code]) => {
    const { database, start } = await setUpItems();
    const begin = () => start(`up ${LONG_WAIT}`);
    const { running, blocked } = await blockRun(database, undefined, begin);
    const { session } = await hold(database, `SET application_name = '${blocked.name}'`);
    const theirs = session.query('SELECT pg_sleep(2), true AS finished');
    running.child.kill(signal);
    expect((await running.finished).code).toBe(code);
    expect((await theirs).rows).toMatchObject([{ finished: true }]);
  },
);

// Otherwise, PgBouncer 1.18 crashes (its issue 801).
test('a run does not end before the server has closed the connections of its cancel requests', async () => {
  const { database, start } = await setUpItems();
  const { hostname, port } = new URL(database.url);
  const closedBy: string[] = [];
  const { through } = await startRelay(database.url, (client, dial) => {
    client.once('data', (first) => {
      client.pause().unshift(first);
      const isRequest = first.readInt32BE(4) === 80877102;
      const upstream = isRequest ? connect(Number(port), hostname) : dial();
      client.pipe(upstream.on('error', () => undefined));
      if (!isRequest) return upstream.pipe(client);
      let by = 'the run';
      client.once('close', () => closedBy.push(by));
      return setTimeout(() => {
        by = 'the server';
        client.destroy();
      }, 300);
    });
  });
  const begin = () => start(`up ${LONG_WAIT}`, through(database.url));
  const { running } = await blockRun(database, undefined, begin);
  running.child.kill('SIGINT');
  expect((await running.finished).code).toBe(130);
  await eventually('two requests', () => Promise.resolve(closedBy.length > 1));
  expect(closedBy).not.toContain('the run');
});

test('SIGTERM before the answer to COMMIT: the hint says that the outcome is unknown', async () => {
  const { database, start, applied } = await setUpItems();
  const proxy = await startProxy(database.url, {
    purpose: 'run',
    of: /^Q....COMMIT\0/s,
    after: 1,
    isMute: true,
    instead: () => running.child.kill('SIGTERM'),
  });
  const running = start('up 1', proxy.through(database.url));
  const { code, json } = await running.finished;
  proxy.stop();
  expect([code, proxy.hasCut()]).toEqual([143, true]);
  const hint = expect.stringContaining('it is unknown whether the server committed') as string;
  const message = 'stopped by SIGTERM; what was not committed is rolled back';
  expect(json()).toMatchObject({ version: null, error: { message, hint } });
  expect(await applied()).toHaveLength(1);
});

test.for(withSignals(['npm alone', 'the process group']))(
  '%s to %s ends a run that npm started',
  async ([signal, to, code]) => {
    const files = { 'package.json': { type: 'module', scripts: { migrate: npmScript } } };
    const project = await setUpItems({ ...ITEMS, ...files });
    const options = { url: project.database.url, cwd: project.root };
    await hold(project.database);
    // setsid makes npm the leader of a process group, which is what Ctrl-C in a terminal sends its signal to.
    const npm = ['npm', 'run', '--silent', 'migrate', '--', 'up', LONG_WAIT, '--json'];
    const running = startProgram('setsid', npm, options);
    await Promise.race([blockedRun(project.database), running.finished]);
    const pid = running.child.pid ?? Number.NaN;
    process.kill(to === 'npm alone' ? pid : -pid, signal);
    await expectInterrupted(project, running, code);
  },
);
