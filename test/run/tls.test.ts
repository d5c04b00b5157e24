import { expect, test } from 'vitest';
import { call, report } from '../support/call.ts';
import { noBackends } from '../support/eventually.ts';
import { blockRun, LONG_WAIT, setUpItems } from './items.ts';
import { testCertificate, testTlsServer } from './tls.ts';

/** The URL's query, the environment, and why the run fails: '' for any reason, undefined if it succeeds. */
test.for([
  ['sslmode=require', {}, undefined],
  ['uselibpqcompat=true&sslmode=require', {}, undefined],
  ['sslmode=verify-full&sslrootcert=RIGHT', {}, undefined],
  ['', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'RIGHT' }, undefined],
  ['sslmode=verify-full&sslrootcert=OTHER', {}, 'self-signed certificate'],
  ['sslmode=verify-full', { PGSSLROOTCERT: 'RIGHT' }, undefined],
  ['', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'OTHER' }, 'self-signed certificate'],
  ['sslmode=disable', {}, ''],
  ['', {}, ''],
  ['sslmode=verify-ca&sslrootcert=ELSEWHERE', {}, undefined],
  ['sslmode=verify-full&sslrootcert=ELSEWHERE', {}, 'altnames'],
] as const)('if the server requires TLS: %s %j', async ([query, env, reason]) => {
  const { database, root } = await setUpItems();
  const certificates = {
    RIGHT: testCertificate('localhost'),
    OTHER: testCertificate('localhost'),
    ELSEWHERE: testCertificate('elsewhere.example'),
  };
  const own = query.includes('ELSEWHERE') ? certificates.ELSEWHERE : certificates.RIGHT;
  const tls = await testTlsServer(database.url, own);
  const fill = (text: string) =>
    text.replace(/RIGHT|OTHER|ELSEWHERE/, (name) => certificates[name as 'RIGHT'].certificate);
  tls.search = fill(query);
  const filled = Object.entries(env).map(([name, value]) => [name, fill(value)] as const);
  const options = { url: tls.href, env: Object.fromEntries(filled), root };
  const { exitCode, error } = await report('check', options);
  const isRefused = reason !== undefined;
  expect([exitCode, error?.code]).toEqual(isRefused ? [3, 'not-connected'] : [0, undefined]);
  if (!isRefused) return;
  expect(error?.message).toContain(reason);
  if (reason !== '') expect(error?.hint).toContain('name in the certificate');
});

test.for([
  ['?sslmode=prefer', {}, 0],
  ['', { PGSSLMODE: 'prefer' }, 0],
  ['?sslmode=require', {}, 3],
  ['', { PGSSLMODE: 'require' }, 3],
  ['#a', { PGSSLMODE: 'require' }, 3],
] as const)('if the server has no TLS: %s %j', async ([query, env, code]) => {
  const { database, root } = await setUpItems();
  const url = database.url + query;
  expect((await call(['check'], { url, env, root })).code).toBe(code);
});

test('SIGTERM cancels a run whose connection uses TLS', async () => {
  const { database, start } = await setUpItems();
  const tls = await testTlsServer(database.url, testCertificate('localhost'));
  tls.searchParams.set('sslmode', 'require');
  const begin = () => start(`up ${LONG_WAIT}`, tls.href);
  const { running } = await blockRun(database, undefined, begin);
  running.child.kill('SIGTERM');
  const error = { code: 'interrupted' };
  expect((await running.finished).json()).toMatchObject({ exitCode: 143, error });
  await noBackends(database);
});
