import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import { report } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { advisoryLocks, backends, TAKE_RUN_LOCK } from '../support/eventually.ts';
import { frameworkCli } from '../support/migrate.ts';
import { plainRole } from '../support/plain-role.ts';
import { creates, stateOf } from '../support/project.ts';
import { testAll } from '../support/test-all.ts';
import { testDatabase } from '../support/test-database.ts';
import { blockRun, hold, HOLD_ITEMS, LAST, LONG_WAIT, setUpItems } from './items.ts';
import { keepBusy, testPooler } from './pgbouncer.ts';

test('a run gives up after --lock-wait, names the holder, and has written nothing', async () => {
  const { database, root, run, url } = await setUpItems();
  await run('up 1');
  // The same lock in another database does not count.
  await hold(await testDatabase({ base: false }), TAKE_RUN_LOCK);
  const waiters = [await hold(database, 'SELECT 1')];
  const { pid, release } = await hold(database, TAKE_RUN_LOCK);
  waiters.push(await hold(database, 'SELECT 1'), await hold(database, 'SELECT 1'));
  // The CLI waits like this with --advisory-lock-mode wait.
  const waiting = waiters.map(({ session }) =>
    session.query(TAKE_RUN_LOCK).finally(() => session.end()),
  );
  const before = await stateOf(database);
  const { signal } = new AbortController();
  const { error, ...state } = await report('up --lock-wait=0.3', { url, root, signal });
  const locked = { outcome: 'locked', exitCode: 4, version: '0001_tags', applied: [] };
  expect(state).toMatchObject(locked);
  expect(error?.code).toBe('run-lock');
  expect(error?.message).toContain(`pid ${pid}, "nightly report", from 127.0.0.1`);
  expect(error?.hint).toContain(`pg_terminate_backend(${pid})`);
  expect(getEventListeners(signal, 'abort'), 'no attempt leaves a listener').toEqual([]);
  expect(await stateOf(database)).toEqual(before);
  expect(await advisoryLocks(database)).toEqual([{ pid }]);
  await release();
  await Promise.all(waiting);
});

test('a role that may not see the sessions of other roles is shown the name of the holder', async () => {
  const { database, run } = await setUpItems();
  const { pid } = await hold(database, TAKE_RUN_LOCK);
  const { url } = await plainRole(database);
  const { error } = await run('up --lock-wait=0', url);
  expect(error?.message).toContain(`pid ${pid}, "nightly report" (a role in pg_read_all_stats`);
});

test('the queries about other sessions call no function that another role created in public', async () => {
  const { database, run } = await setUpItems();
  // These would win over PostgreSQL's own functions, because they declare the exact types of the arguments.
  for (const [name, result] of [
    ['format(text, int, text, text, int, text, text)', 'text'],
    ['unnest(int[])', 'SETOF int'],
  ] as const)
    await database.query(`CREATE FUNCTION public.${name} RETURNS ${result} LANGUAGE plpgsql
      AS $$ BEGIN RAISE 'public.${name} ran'; END $$`);
  for (const [sql, options] of [
    [TAKE_RUN_LOCK, '--lock-wait=0.3'],
    [HOLD_ITEMS, '--lock-timeout=900ms --retries=1'],
  ] as const) {
    const { pid, release } = await hold(database, sql);
    const { error } = await run(`up ${options}`);
    expect(error?.message).toContain(`pid ${pid}, "nightly report", from 127.0.0.1`);
    await release();
  }
});

test('a run that waits for the run lock names its holder, and goes on when the lock is free', async () => {
  const { database, start } = await setUpItems();
  const { pid, release } = await hold(database, TAKE_RUN_LOCK);
  const { printed, finished } = start('up');
  await printed(`waiting for another run: pid ${pid}, "nightly report"`);
  // A concurrent build waits for older snapshots. Neither the run lock nor the wait for it keeps one.
  const { session } = await hold(database, `SET statement_timeout = '20s'`);
  await session.query('CREATE INDEX CONCURRENTLY others ON items (id)');
  await release();
  const done = { outcome: 'applied', exitCode: 0, version: LAST };
  expect((await finished).json()).toMatchObject(done);
});

test.each(['serializable', 'repeatable read'])(
  'a run with a concurrent build works with default_transaction_isolation = %s',
  async (level) => {
    const { database, run } = await setUpItems();
    const setting = `default_transaction_isolation = '${level}'`;
    await database.query(`ALTER DATABASE ${database.name} SET ${setting}`);
    // If the session of the run lock kept a snapshot, the concurrent build would wait for it forever.
    expect(await run('up')).toMatchObject({ exitCode: 0, version: LAST });
  },
);

test("a run holds the lock of the framework's CLI, and its sessions have descriptive names", async () => {
  const { database, run, root } = await setUpItems();
  const { kind } = inject('server');
  const { running, release } = await blockRun(database, undefined, () => run(`up ${LONG_WAIT}`));
  const names = (await backends(database)).map(({ name }) => name.split(' ').slice(0, 3).join(' '));
  expect(names).toEqual(expect.arrayContaining(['migrate up lock', 'migrate up run']));
  if (process.platform === 'linux' && kind !== 'container') await expectKeepAlive(database);

  const cli = await frameworkCli(['up'], { url: database.url, cwd: root });
  expect(cli.code).not.toBe(0);
  expect(cli.stdout + cli.stderr).toContain('Another migration is already running');
  await release();
  expect(await running).toMatchObject({ exitCode: 0 });
});

/** Expects a keepalive each minute on the connection of the run lock: firewalls forget idle connections. */
async function expectKeepAlive(database: Database): Promise<void> {
  const [lock] = await database.query<{ port: string }>(`SELECT to_hex(client_port) AS port
    FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^migrate up lock'`);
  // See proc_pid_net(5): local and remote address, state, queues, timer. Timer 02 is keepalive, in 1/100 s.
  const line = new RegExp(`:${lock?.port} \\w+:\\w+ 01 \\w+:\\w+ 02:(\\w+)`, 'i');
  const [, time = ''] = line.exec(readFileSync('/proc/net/tcp', 'utf8')) ?? [];
  expect(Number.parseInt(time, 16)).toBeLessThanOrEqual(60_00);
}

test('a run stops if another run goes the opposite way between two attempts', async () => {
  const { database, run, start } = await setUpItems(creates('a', 'b', 'items_copy'));
  await run('up 2');
  // The third migration waits for another session that is creating a table of the same name.
  const { session } = await hold(database, 'BEGIN; CREATE TABLE items_copy ()');
  const { printed, finished } = start('up --lock-timeout=200ms --retries=50');
  await printed('attempt 1 of 51');
  expect(await run('down')).toMatchObject({ exitCode: 0, version: '0001_a' });
  const { json } = await finished;
  const state = { version: '0001_a', applied: [] };
  expect(json()).toMatchObject({ exitCode: 4, error: { code: 'overtaken' }, ...state });
  await session.query('ROLLBACK');
  expect(await run('check')).toMatchObject({ exitCode: 0, version: '0001_a' });
});

test('down stops if another run has applied more while it waited for the run lock', async () => {
  const { database, run, start } = await setUpItems();
  await run('up 1');
  const { session, release } = await hold(database, TAKE_RUN_LOCK);
  const { printed, finished } = start('down');
  await printed('waiting for another run');
  await session.query(`INSERT INTO pgmigrations (name, run_on) VALUES ('0002_note', now());
    ALTER TABLE items ADD note text`);
  await release();
  expect((await finished).json()).toMatchObject({ exitCode: 4, error: { code: 'overtaken' } });
});

const count = testAll ? 32 : 8;
test.for([
  ['directly', false],
  ['behind a busy PgBouncer', true],
] as const)(
  `of ${count} runs at once, exactly one applies the migrations, %s`,
  async ([, isPooled], context) => {
    const { database, run, start } = await setUpItems();
    const pooler = isPooled ? await testPooler(context, database.url) : undefined;
    const url = pooler?.through(database.url) ?? database.url;
    const application = await keepBusy(url, 'SELECT count(*) FROM items', 8);
    const processes = Array.from({ length: count / 4 }, () => start('up', url).finished);
    const calls = Array.from({ length: count - count / 4 }, () => run('up', url));
    const others = (await Promise.all(processes)).map(({ json }) => json());
    const reports = [...(await Promise.all(calls)), ...others];
    for (const each of reports) expect(each).toMatchObject({ exitCode: 0, version: LAST });
    expect(reports.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
    expect(await database.query('SELECT name FROM pgmigrations')).toHaveLength(3);
    expect(await advisoryLocks(database)).toEqual([]);
    expect(await run('check --strict')).toMatchObject({ exitCode: 0 });
    expect(await application.stop()).toMatchObject({ errors: [] });
  },
);
