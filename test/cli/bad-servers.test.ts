import { expect, inject, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { plainRole } from '../support/plain-role.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { PASSWORD, refused, stateOf, words } from './report.js';

/** The URL of the test server, changed. */
function serverUrl(change: Partial<URL>): string {
  return Object.assign(new URL(inject('server').url), change).href;
}

test.for([
  ['a wrong password', { password: PASSWORD }, '28P01', 'password'],
  ['a user that is not there', { username: 'nobody', password: PASSWORD }, '28P01', 'nobody'],
  ['a database that is not there', { pathname: '/nowhere' }, '3D000', 'nowhere'],
  ['no TLS where it is asked for', { search: 'sslmode=verify-full' }, null, 'SSL'],
  ['another host', { host: 'no-such-host.invalid', password: PASSWORD }, null, 'no-such-host'],
] as const)('%s', async ([, change, sqlstate, named]) => {
  for (const command of ['up', 'status', 'snapshot']) {
    const { exitCode, outcome, error } = await refused([command], { url: serverUrl(change) });
    expect([exitCode, outcome]).toEqual([3, 'unavailable']);
    expect(error).toMatchObject({ code: 'not-connected', sqlstate });
    expect(error.message).toContain(named);
  }
});

test('a port where nobody listens: the place is named, and how to wait for it', async () => {
  const port = await freePort(0);
  const url = `postgres://u:${PASSWORD}@127.0.0.1:${port}/db`;
  const { exitCode, error } = await refused(words('up --connect-wait=0.1'), { url });
  expect([exitCode, error.code]).toEqual([3, 'not-connected']);
  expect(error.message).toContain(`database db at 127.0.0.1:${port} as u`);
  expect(error.hint).toContain('--connect-wait');
});

test('a role that may do nothing', async () => {
  const database = await testDatabase();
  const { url } = await plainRole(database);
  const before = await stateOf(database);
  const { exitCode, error } = await refused(['up'], { url, root: smallProject(['a']) });
  expect([exitCode, error.code]).toEqual([3, 'problems']);
  expect(error.message).toContain('schema public');
  expect(await stateOf(database)).toEqual(before);
});

test('a database that takes no writes', async () => {
  const { name, url, query } = await testDatabase();
  await query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  const { exitCode, error } = await refused(['up'], { url, root: smallProject(['a']) });
  expect([exitCode, error.code]).toEqual([3, 'problems']);
  expect(error.hint).toContain('default_transaction_read_only');
});

test.for([
  ['no-database', 'neither DATABASE_URL nor PGHOST', {}],
  ['no-database', 'DATABASE_URL is empty', { DATABASE_URL: '' }],
  ['no-database', 'neither', { DATABASE_URL_2: 'postgres://h/d', PGDATABASE: 'd' }],
  ['bad-url', 'postgres://', { DATABASE_URL: `mysql://u:${PASSWORD}@h/db` }],
  ['bad-url', 'postgres://', { DATABASE_URL: PASSWORD }],
  ['bad-url', '@', { DATABASE_URL: `postgres://u:${PASSWORD}/x@y:z@h:port/db` }],
  ['bad-url', '@', { DATABASE_URL: `postgres://u:a@${PASSWORD}/x@h/db` }],
  ['bad-url', '@', { DATABASE_URL: `postgres://u:a@${PASSWORD}?x@h/db` }],
  ['bad-url', '@', { DATABASE_URL: `postgres://u:a@${PASSWORD}#x@h/db` }],
  ['bad-url', 'not a URL', { DATABASE_URL: `postgres://u:${PASSWORD}@h:99999/db` }],
  ['bad-url', 'not a URL', { DATABASE_URL: `postgres://u:${PASSWORD}@h:port/db` }],
  ['bad-url', 'port', { DATABASE_URL: `postgres://u:${PASSWORD}@h:0/db` }],
  ['bad-url', 'PGPORT', { PGHOST: 'h', PGPASSWORD: PASSWORD, PGPORT: 'many' }],
  ['bad-url', 'nonsense', { DATABASE_URL: `postgres://u:${PASSWORD}@h/db?sslmode=nonsense` }],
  [
    'bad-url',
    '/none',
    { DATABASE_URL: `postgres://u:${PASSWORD}@h/db?sslmode=verify-full&sslrootcert=/none` },
  ],
] as const)('%s (%s): exit code 2, before anything is asked for', async ([code, named, env]) => {
  const { exitCode, error } = await refused(['status'], { env });
  expect([exitCode, error.code]).toEqual([2, code]);
  expect(error.message).toContain(named);
});
