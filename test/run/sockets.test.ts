import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { RUN_LOCK_KEY } from '../../scripts/runner/run-lock.js';
import { readConfiguration } from '../../scripts/database/configuration.js';
import { fixture, makeDatabase, type Database } from '../support/database.js';
import { startEmbedded, type EmbeddedServer } from '../support/embedded.js';
import { backends, blockedRun, eventually } from '../support/eventually.js';
import { serverUser } from '../support/server-user.js';
import { HEAD, call, start } from './workflows.js';

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
const addresses = hasIPv6 ? '127.0.0.1,::1' : '127.0.0.1';

/** A server that listens on a socket in this folder too. */
let server: EmbeddedServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'socket-'));
  const { uid, gid } = serverUser();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  server = await startEmbedded({
    settings: { fsync: 'off', unix_socket_directories: folder, listen_addresses: addresses },
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function testDatabase(): Promise<Database> {
  const database = await makeDatabase(server.url);
  onTestFinished(() => database.drop());
  await database.query(fixture('base-schema.sql') + fixture('base-rows.sql'));
  return database;
}

const folderWay = 'a socket: host=/folder in the URL';
const pgHostWay = 'a socket: PGHOST=/folder';
const ipv6Way = 'IPv6: [::1] in the URL';

/** Ways to name a database by a socket or by IPv6: the environment of the program. */
const ways: Readonly<Record<string, (url: URL) => Readonly<Record<string, string>>>> = {
  [folderWay]: ({ username, password, pathname, port }) => ({
    DATABASE_URL: `postgres://${username}:${password}@${pathname}?host=${folder}&port=${port}`,
  }),
  'a socket: the folder as the host of the URL, escaped': ({
    username,
    password,
    pathname,
    port,
  }) => ({
    DATABASE_URL: `postgres://${username}:${password}@${encodeURIComponent(folder)}:${port}${pathname}`,
  }),
  [pgHostWay]: ({ username, password, pathname, port }) => ({
    PGHOST: folder,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: pathname.slice(1),
  }),
  [ipv6Way]: ({ username, password, pathname, port }) => ({
    DATABASE_URL: `postgres://${username}:${password}@[::1]:${port}${pathname}`,
  }),
  'IPv6: PGHOST=::1': ({ username, password, pathname, port }) => ({
    PGHOST: '::1',
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: pathname.slice(1),
  }),
};

const environmentOf = (way: string, { url }: Database) => ways[way]?.(new URL(url)) ?? {};

test.for(Object.keys(ways))('a run by %s', async (way, { skip }) => {
  if (way.startsWith('IPv6') && !hasIPv6) skip('this machine has no ::1');
  const database = await testDatabase();
  const env = environmentOf(way, database);
  const run = (...argv: string[]) => call([...argv, '--json'], { env });
  const host = way.startsWith('IPv6') ? '::1' : folder;
  const port = Number(new URL(database.url).port);
  expect((await run('up')).json()).toMatchObject({
    outcome: 'applied',
    version: HEAD,
    database: { host, port, name: database.name },
  });
  expect((await run('check', '--strict')).json()).toMatchObject({ outcome: 'matches' });
  expect((await run('down', '9')).json()).toMatchObject({ outcome: 'reverted', version: null });
});

test.each([folderWay, ipv6Way])('a signal cancels a run by %s', async (way) => {
  if (way === ipv6Way && !hasIPv6) return;
  const database = await testDatabase();
  const holder = await database.connect();
  await holder.query('BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE');
  const run = start(['up', '--lock-timeout=10min', '--json'], {
    env: environmentOf(way, database),
  });
  await blockedRun(database);
  run.child.kill('SIGTERM');
  expect((await run.finished).code).toBe(143);
  await eventually('the end of its sessions', async () => (await backends(database)).length === 0);
});

test('who holds the run lock by a socket is called local', async () => {
  const database = await testDatabase();
  const env = environmentOf(pgHostWay, database);
  const { PGHOST: host, PGPORT: port, PGUSER: user, PGPASSWORD: password, PGDATABASE: name } = env;
  const holder = new pg.Client({
    host,
    port: Number(port),
    user,
    password,
    database: name,
    application_name: 'a shell',
  });
  await holder.connect();
  await holder.query(`SELECT pg_advisory_lock(${RUN_LOCK_KEY})`);
  const { error, exitCode } = (await call(['up', '--lock-wait=0.2', '--json'], { env })).json();
  await holder.end();
  expect(exitCode).toBe(4);
  expect(error?.message).toMatch(/: pid \d+, "a shell", from local, for \d+ s, idle/);
});

test('a socket that is not there is named', async () => {
  const report = (
    await call(['up', '--json'], { url: 'postgres://app:x@/shop?host=/nowhere&port=5499' })
  ).json();
  expect(report).toMatchObject({
    exitCode: 3,
    error: {
      code: 'not-connected',
      message: expect.stringContaining('/nowhere/.s.PGSQL.5499') as string,
    },
  });
});

test('an address of IPv6 where nobody listens stands in brackets', async ({ skip }) => {
  if (!hasIPv6) skip('this machine has no ::1');
  const report = (await call(['up', '--json'], { url: 'postgres://app:x@[::1]:1/shop' })).json();
  expect(report.error?.message).toBe(
    'cannot connect to database shop at [::1]:1 as app: connect ECONNREFUSED ::1:1',
  );
});

test('a variable that is set to nothing is one that is not set, as to libpq', () => {
  const env = { PGHOST: 'db', PGPORT: '', PGUSER: '', PGDATABASE: '', PGPASSWORD: '', USER: 'me' };
  const { clientConfig, ...shown } = readConfiguration('DATABASE_URL', env);
  expect(shown).toMatchObject({ host: 'db', port: 5432, user: 'me', database: 'me' });
  expect(clientConfig).not.toHaveProperty('password');
});

test.for(['abc', '0', '99999'])('a PGPORT that is no port is refused: %s', (PGPORT) => {
  expect(() => readConfiguration('URL', { PGHOST: 'db', PGPORT })).toThrow(
    /^PGPORT cannot be used/,
  );
});

test.for([{ URL: 'postgres://me@db/app' }, { PGHOST: 'db' }])('PGSSLMODE, with %j', (env) => {
  const read = (PGSSLMODE: string) => readConfiguration('URL', { ...env, PGSSLMODE });
  expect(read('').clientConfig.ssl).toBe(false);
  expect(read('disable').clientConfig.ssl).toBe(false);
  expect(read('allow').clientConfig.ssl).toBe(false);
  expect(read('require').clientConfig.ssl).toMatchObject({ rejectUnauthorized: false });
  expect(() => read('verify_full')).toThrow('sslmode "verify_full" is not one of');
});
