import { randomBytes } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { PASSWORD, refused } from './report.js';
import { testDatabase } from '../support/test-database.js';

/** The URL of the test server, changed. */
function serverUrl(change: (url: URL) => void): string {
  const url = new URL(inject('server').url);
  change(url);
  return url.href;
}

test('a wrong password', async () => {
  const report = await refused(['status'], { url: serverUrl((url) => (url.password = PASSWORD)) });
  expect(report).toMatchObject({
    exitCode: 3,
    outcome: 'unavailable',
    error: { code: 'not-connected', sqlstate: '28P01' },
  });
  expect(report.error?.message).toMatch(
    /^no connection to database postgres at .* as postgres: password authentication failed for user "postgres"$/,
  );
  expect(report.error?.hint).toContain('The password is wrong, or the user.');
});

test('a database that is not there', async () => {
  const report = await refused(['up'], { url: serverUrl((url) => (url.pathname = '/nowhere')) });
  expect(report).toMatchObject({ exitCode: 3, error: { code: 'not-connected', sqlstate: '3D000' } });
  expect(report.error?.message).toContain('database "nowhere" does not exist');
});

test('a host that is not there', async () => {
  const url = `postgres://u:${PASSWORD}@no-such-host.invalid:5432/db`;
  const { exitCode, error } = await refused(['up'], { url });
  expect(exitCode).toBe(3);
  expect(error?.message).toContain('no connection to database db at no-such-host.invalid:5432 as u: getaddrinfo E');
});

test('a port where nobody listens', async () => {
  const port = await freePort(0);
  const { exitCode, error } = await refused(['up'], { url: `postgres://u:${PASSWORD}@127.0.0.1:${port}/db` });
  expect({ exitCode, message: error?.message }).toEqual({
    exitCode: 3,
    message: `no connection to database db at 127.0.0.1:${port} as u: connect ECONNREFUSED 127.0.0.1:${port}`,
  });
});

test('TLS where the server has none', async () => {
  const { exitCode, error } = await refused(['up'], { url: serverUrl((url) => (url.search = 'sslmode=verify-full')) });
  expect(exitCode).toBe(3);
  expect(error?.message).toMatch(/: The server does not support SSL connections$/);
  expect(error?.hint).toMatch(/^TLS is set by sslmode in the URL: /);
});

test('no permission to read the migrations table, and none to write', async () => {
  const database = await testDatabase();
  const role = `nobody_${randomBytes(4).toString('hex')}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, PASSWORD];
  const before = await database.dump();
  const poor = await refused(['up'], { url: url.href });
  expect(poor).toMatchObject({ exitCode: 3, error: { code: 'obstacles' } });
  expect(poor.error?.message).toContain(`role ${role} may not create in schema public`);
  expect(await database.dump()).toBe(before);
  await database.query('CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255), run_on timestamp)');
  const blind = await refused(['status'], { url: url.href });
  expect(blind).toMatchObject({ exitCode: 3, error: { code: 'obstacles' } });
});

test('a database that takes no writes', async () => {
  const database = await testDatabase();
  await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
  const { exitCode, error } = await refused(['up'], { url: database.url });
  expect({ exitCode, code: error?.code }).toEqual({ exitCode: 3, code: 'obstacles' });
  expect(error?.message).toContain('are read-only here (default_transaction_read_only)');
});
