import { expect, inject, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { testProject } from '../support/project.js';
import { PASSWORD, refused, words } from './report.js';

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

/** URLs that are refused before anything is asked for, by what the message says. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  'begin with postgres://': [`mysql://u:${PASSWORD}@h/db`, PASSWORD],
  '@': ['/x@y:z@h:port/db', '/@h/db', '?x@h/db', '#x@h/db'].map(
    (end) => `postgres://u:${PASSWORD}${end}`,
  ),
  'not a URL': ['h:99999', 'h:port'].map((host) => `postgres://u:${PASSWORD}@${host}/db`),
  port: [`postgres://u:${PASSWORD}@h:0/db`],
  nonsense: [`postgres://u:${PASSWORD}@h/db?sslmode=nonsense`],
  '/none': [`postgres://u:${PASSWORD}@h/db?sslmode=verify-full&sslrootcert=/none`],
};
test.for(Object.entries(wrong))('a URL: %s', async ([named, urls]) => {
  for (const url of urls) {
    const { exitCode, error } = await refused(['status'], { url });
    expect([exitCode, error.code]).toEqual([2, 'bad-url']);
    expect(error.message).toContain(named);
  }
});

test.for([
  ['no-database', 'neither DATABASE_URL nor PGHOST', { PGDATABASE: 'd', DATABASE: 'd' }],
  ['no-database', 'DATABASE_URL is empty', { DATABASE_URL: '' }],
  ['bad-url', 'PGPORT', { PGHOST: 'h', PGPASSWORD: PASSWORD, PGPORT: 'many' }],
] as const)('%s: %s', async ([code, named, env]) => {
  const { exitCode, error } = await refused(['status'], { env, root: testProject({}) });
  expect([exitCode, error.code]).toEqual([2, code]);
  expect(error.message).toContain(named);
});
