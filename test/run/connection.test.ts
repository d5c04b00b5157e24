import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { call, report } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { startEmbedded, type EmbeddedServer } from '../support/embedded.ts';
import { eventually, noBackends, TAKE_RUN_LOCK } from '../support/eventually.ts';
import { start } from '../support/migrate.ts';
import { freePort } from '../support/ports.ts';
import { testProject } from '../support/project.ts';
import { chown, serverUser } from '../support/server-user.ts';
import { blockRun, ITEMS, LAST, LONG_WAIT, setUpItems } from './items.ts';
import { errorMessage, startRelay } from './relay.ts';

const isLocal6 = ({ address }: { address: string }) => address === '::1';
const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(isLocal6));

describe('over a Unix socket or IPv6', () => {
  let server: EmbeddedServer;
  let folder: string;
  beforeAll(async () => {
    folder = chown(mkdtempSync(join(tmpdir(), 'socket-')), serverUser());
    const addresses = hasIPv6 ? '127.0.0.1,::1' : '127.0.0.1';
    const settings = { fsync: 'off', unix_socket_directories: folder, listen_addresses: addresses };
    server = await startEmbedded({ settings });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Environments that each name this database in another way. */
  function environments({ url }: Database) {
    const { username, password, pathname, port } = new URL(url);
    const user = `postgres://${username}:${password}`;
    const host = `${encodeURIComponent(folder)}:${port}`;
    const names = { PGUSER: username, PGPASSWORD: password, PGDATABASE: pathname.slice(1) };
    return {
      'host=/folder': { DATABASE_URL: `${user}@${pathname}?host=${folder}&port=${port}` },
      'the folder as the host of the URL': { DATABASE_URL: `${user}@${host}${pathname}` },
      'PGHOST=/folder': { ...names, PGHOST: folder, PGPORT: port },
      '[::1] in the URL': { DATABASE_URL: `${user}@[::1]:${port}${pathname}` },
      'PGHOST=::1': { ...names, PGHOST: '::1', PGPORT: port },
    };
  }

  const ways = ['host=/folder', 'the folder as the host of the URL', 'PGHOST=/folder'] as const;
  const ways6 = hasIPv6 ? (['[::1] in the URL', 'PGHOST=::1'] as const) : [];
  test.for([...ways, ...ways6])('a run connects by %s, and SIGTERM cancels it', async (way) => {
    const { database, root } = await setUpItems(ITEMS, server);
    const env = environments(database)[way];
    // To cancel a statement, the program opens a second connection to the same place.
    const begin = () => start(['up', LONG_WAIT], { env, cwd: root });
    const { running, release } = await blockRun(database, undefined, begin);
    running.child.kill('SIGTERM');
    expect((await running.finished).code).toBe(143);
    await noBackends(database);
    await release();

    const host = way.includes('::1') ? '::1' : folder;
    const port = Number(new URL(database.url).port);
    const place = { host, port, name: database.name };
    const expected = { exitCode: 0, version: LAST, database: place };
    expect(await report('up', { env, root })).toMatchObject(expected);
    const { stdout } = await start(['status'], { env, cwd: root }).finished;
    const shown = way.includes('::1') ? '[::1]' : folder;
    expect(stdout).toContain(`database ${database.name} at ${shown}:${port}, PostgreSQL`);
  });

  test('the password may be in the file that PGPASSFILE names', async () => {
    const { database, root } = await setUpItems();
    const { hostname, port, username, password } = new URL(database.url);
    const file = join(root, '.pgpass');
    writeFileSync(file, `${hostname}:${port}:*:${username}:${password}\n`, { mode: 0o600 });
    const url = Object.assign(new URL(database.url), { password: '' }).href;
    const { finished } = start(['up'], { url, env: { PGPASSFILE: file }, cwd: root });
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });

  test('the message calls a session "local" if it holds the run lock through a socket', async () => {
    const { database, root } = await setUpItems(ITEMS, server);
    const env = environments(database)['PGHOST=/folder'];
    const { username: user, password, port } = new URL(database.url);
    const place = { host: folder, port: Number(port), user, password, database: database.name };
    const holder = new pg.Client({ ...place, application_name: 'a shell' });
    await holder.connect();
    await holder.query(TAKE_RUN_LOCK);
    const { exitCode, error } = await report('up --lock-wait=0.2', { env, root });
    await holder.end();
    expect(exitCode).toBe(4);
    expect(error?.message).toMatch(/: pid \d+, "a shell", from local, /);
  });

  test('if the server refuses a connection without encryption, the hint is sslmode=require', async () => {
    const { database, run } = await setUpItems(ITEMS, server);
    const file = join(server.folder, 'data/pg_hba.conf');
    writeFileSync(file, `hostnossl all distant all reject\n${readFileSync(file, 'utf8')}`);
    await database.query('SELECT pg_reload_conf()');
    const url = Object.assign(new URL(database.url), { username: 'distant' }).href;
    const { error } = await eventually('a refusal', async () => {
      const answer = await run('check', url);
      return answer.error?.sqlstate === '28000' && answer;
    });
    expect(error).toMatchObject({ code: 'not-connected' });
    expect(error?.hint).toContain('sslmode=require');
  });
});

/** Environments, and where libpq would connect in each. No server listens there. */
test.for([
  [{ DATABASE_URL: 'postgres://a:x@/shop?host=/none&port=5499' }, 'shop at /none:5499 as a'],
  [{ DATABASE_URL: 'postgres://a:x@[::1]:1/shop' }, 'shop at [::1]:1 as a'],
  [{ DATABASE_URL: 'postgres://%61:x@/s%68op?host=/none' }, 'shop at /none:5432 as a'],
  [{ DATABASE_URL: 'postgres://', PGHOST: '/none', PGUSER: 'a' }, 'a at /none:5432 as a'],
  [{ PGHOST: '/none', PGPORT: '', PGUSER: '', PGDATABASE: '', USER: 'e' }, 'e at /none:5432 as e'],
  [{ PGHOST: '/none', PGPORT: '1', PGUSER: 'b', PGDATABASE: 'c', USER: 'd' }, 'c at /none:1 as b'],
  [{ PGHOST: '/none', PGUSER: 'b', PGSSLMODE: '' }, 'b at /none:5432 as b'],
] as const)('connects where libpq would: %j', async ([env, place]) => {
  const root = testProject({});
  const { exitCode, error } = await report('check', { env, root });
  expect([exitCode, error?.code]).toEqual([3, 'not-connected']);
  expect(error?.message).toContain(`cannot connect to database ${place}: `);
});

/** Starts a proxy that first refuses `times` connections: with this error, or without one if it is ''. */
async function refusingServer(sqlstate: string, times: number, target: string) {
  const answer = errorMessage('FATAL', sqlstate, 'not now');
  let asked = 0;
  const { through } = await startRelay(target, (client, dial) => {
    asked++;
    if (asked <= times) client.once('data', () => client.end(sqlstate === '' ? '' : answer));
    else client.pipe(dial()).pipe(client);
  });
  return { url: through(target), asked: () => asked };
}

test.for([
  ['waits for a server that is starting', '57P03', '--connect-wait=60', 2, 0],
  ['waits if a proxy listens before the server does', '', '--connect-wait=60', 2, 0],
  ['of 0 does not wait', '57P03', '--connect-wait=0', 1, 3],
  ['does not wait with a wrong password', '28P01', '--connect-wait=60', 1, 3],
] as const)('--connect-wait %s', async ([, sqlstate, option, times, exitCode]) => {
  const { database, run } = await setUpItems();
  const { url, asked } = await refusingServer(sqlstate, times, database.url);
  const error = { code: 'not-connected', sqlstate };
  expect(await run(`up ${option}`, url)).toMatchObject({
    exitCode,
    ...(exitCode === 0 ? { version: LAST } : { error }),
  });
  if (exitCode !== 0) expect(asked()).toBe(times);
});

test('--connect-wait gives up when its time is over, and a signal ends the wait', async () => {
  const url = `postgres://app:s3cret@127.0.0.1:${await freePort(0)}/shop`;
  const { code, stderr } = await call(['up', '--connect-wait=0', '--verbose'], { url });
  expect([code, stderr]).toEqual([3, expect.stringContaining('ECONNREFUSED') as string]);
  expect(stderr).not.toContain('s3cret');

  // The second one is a broadcast address: ENETUNREACH, as before the network is up.
  for (const absent of [url, 'postgres://app@255.255.255.255/shop']) {
    const { milliseconds } = await report('up --connect-wait=1', { url: absent });
    expect(milliseconds).toBeGreaterThan(900);
  }

  const refusing = await refusingServer('57P03', 1e6, inject('server').url);
  const { child, finished } = start(['up', '--connect-wait=600'], { url: refusing.url });
  await eventually('a second attempt', () => Promise.resolve(refusing.asked() >= 2));
  child.kill('SIGTERM');
  expect((await finished).code).toBe(143);
});

test('a server that accepts, but does not answer, is a failure after connect_timeout seconds', async () => {
  const answer = errorMessage('FATAL', '57P03', 'too late');
  const { through } = await startRelay('postgres://unused', (client) => {
    setTimeout(() => client.end(answer), 10_000).unref(); // Before the default, which is 15 seconds.
  });
  const url = through('postgres://app:x@127.0.0.1/shop?connect_timeout=1');
  const { exitCode, error } = await report('up', { url });
  expect([exitCode, error?.code, error?.sqlstate]).toEqual([3, 'not-connected', null]);
  expect(error?.hint).toContain('There was no answer');
});
