import { expect, inject, test } from 'vitest';
import { testProject } from '../support/project.ts';
import { expectRefused, PASSWORD, refused } from './refused.ts';

const NOBODY = { host: '127.0.0.1:1', username: 'u', password: PASSWORD, pathname: '/db' };

test.for([
  ['a wrong password', { password: PASSWORD }, '28P01', 'password', 'Correct the URL'],
  ['a missing password', { password: '' }, null, 'password', 'PGPASSWORD'],
  ['a missing user', { username: 'nobody', password: PASSWORD }, '28P01', 'nobody', 'URL'],
  ['a missing database', { pathname: '/nowhere' }, '3D000', 'nowhere', 'createdb'],
  ['TLS that the server lacks', { search: 'sslmode=verify-full' }, null, 'SSL', 'Set sslmode'],
  ['another host', { host: 'none.invalid', password: PASSWORD }, null, 'none.invalid', 'host'],
  ['a port without a server', NOBODY, null, 'database db at 127.0.0.1:1 as u', '--connect-wait'],
] as const)('the message names %s', async ([, change, sqlstate, named, advice]) => {
  const url = Object.assign(new URL(inject('server').url), change).href;
  for (const line of ['up --connect-wait=0.1', 'status', 'snapshot']) {
    const { error } = await refused(line, { url });
    expect(error).toMatchObject({ code: 'not-connected', sqlstate });
    expect(error.message).toContain(named);
    expect(error.hint).toContain(advice);
  }
});

/** URLs that are refused before the program connects. The keys are texts that the messages must contain. */
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
test.for(Object.entries(wrong))('the message for a wrong URL has "%s"', async ([named, urls]) => {
  for (const url of urls) await expectRefused('status', { url }, 'bad-url', named);
});

test.for([
  ['no-database', 'DATABASE_URL and PGHOST are not set', { PGDATABASE: 'd', DATABASE: 'd' }],
  ['no-database', 'or empty', { DATABASE_URL: '' }],
  ['bad-url', 'PGSSLMODE', { PGHOST: 'h', PGSSLMODE: 'nonsense' }],
  ['bad-url', 'PGPORT', { PGHOST: 'h', PGPASSWORD: PASSWORD, PGPORT: 'many' }],
  ['bad-url', 'PGPORT', { PGHOST: '/none', PGPORT: '0' }],
  ['bad-url', 'PGPORT', { PGHOST: '/none', PGPORT: '5432x' }],
  ['bad-url', 'verify_full', { PGHOST: '/none', PGSSLMODE: 'verify_full' }],
  ['bad-url', '/no-file', { PGHOST: '/none', PGSSLMODE: 'require', PGSSLCERT: '/no-file' }],
  ['bad-url', 'PGSSLMODE', { DATABASE_URL: 'postgres://me@db/app', PGSSLMODE: 'verify_full' }],
] as const)('settings are refused as %s: %s in %j', async ([code, named, env]) => {
  const { exitCode, error } = await refused('up', { env, root: testProject({}) });
  expect([exitCode, error.code]).toEqual([2, code]);
  expect(error.message).toContain(named);
});
