import { expect, inject, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { testProject } from '../support/project.js';
import { expectRefused, PASSWORD, refused } from './report.js';

test.for([
  ['a wrong password', { password: PASSWORD }, '28P01', 'password'],
  ['a user that is not there', { username: 'nobody', password: PASSWORD }, '28P01', 'nobody'],
  ['a database that is not there', { pathname: '/nowhere' }, '3D000', 'nowhere'],
  ['no TLS where it is asked for', { search: 'sslmode=verify-full' }, null, 'SSL'],
  ['another host', { host: 'no-such-host.invalid', password: PASSWORD }, null, 'no-such-host'],
] as const)('%s', async ([, change, sqlstate, named]) => {
  const url = Object.assign(new URL(inject('server').url), change).href;
  for (const command of ['up', 'status', 'snapshot']) {
    const { error } = await refused(command, { url });
    expect(error).toMatchObject({ code: 'not-connected', sqlstate });
    expect(error.message).toContain(named);
  }
});

test('a port where nobody listens: the place is named, and how to wait for it', async () => {
  const port = await freePort(0);
  const url = `postgres://u:${PASSWORD}@127.0.0.1:${port}/db`;
  const { error } = await refused('up --connect-wait=0.1', { url });
  expect(error.code).toBe('not-connected');
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
  for (const url of urls) await expectRefused('status', { url }, 'bad-url', named);
});

test.for([
  ['no-database', 'neither DATABASE_URL nor PGHOST', { PGDATABASE: 'd', DATABASE: 'd' }],
  ['no-database', 'DATABASE_URL is empty', { DATABASE_URL: '' }],
  ['bad-url', 'PGPORT', { PGHOST: 'h', PGPASSWORD: PASSWORD, PGPORT: 'many' }],
] as const)('%s: %s', async ([code, named, env]) => {
  await expectRefused('status', { env, root: testProject({}) }, code, named);
});
