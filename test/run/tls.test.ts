import { expect, test } from 'vitest';
import { backends, blockedRun, eventually } from '../support/eventually.js';
import { testDatabase } from '../support/test-database.js';
import { testCertificate, testTlsServer } from './tls.js';
import { call, start } from './workflows.js';

/** What comes of `check` with these words in the URL. */
async function checkWith(
  url: URL,
  query: Record<string, string>,
  env: Record<string, string> = {},
) {
  const asked = new URL(url);
  for (const [key, value] of Object.entries(query)) asked.searchParams.set(key, value);
  const { code, stdout } = await call(['check', '--json'], { url: asked.href, env });
  return {
    code,
    message: (JSON.parse(stdout) as { error: { message: string } | null }).error?.message ?? null,
  };
}

test('sslmode means what it means to libpq', async () => {
  const { url } = await testDatabase();
  const [right, other] = [testCertificate('localhost'), testCertificate('localhost')];
  const tls = await testTlsServer(url, right);
  expect(await checkWith(tls, { sslmode: 'require' })).toEqual({ code: 0, message: null });
  expect(await checkWith(tls, { sslmode: 'verify-full', sslrootcert: right.certificate })).toEqual({
    code: 0,
    message: null,
  });
  expect(
    await checkWith(tls, {}, { PGSSLMODE: 'verify-full', PGSSLROOTCERT: right.certificate }),
  ).toEqual({
    code: 0,
    message: null,
  });
  const wrong = await checkWith(tls, { sslmode: 'verify-full', sslrootcert: other.certificate });
  expect(wrong).toMatchObject({
    code: 3,
    message: expect.stringMatching(/self-signed certificate/) as string,
  });
  expect(await checkWith(tls, { sslmode: 'disable' })).toMatchObject({ code: 3 });
});

test('verify-full looks at the name of the host; verify-ca does not', async () => {
  const { url } = await testDatabase();
  const files = testCertificate('elsewhere.example');
  const tls = await testTlsServer(url, files);
  expect(await checkWith(tls, { sslmode: 'verify-ca', sslrootcert: files.certificate })).toEqual({
    code: 0,
    message: null,
  });
  const refused = await checkWith(tls, { sslmode: 'verify-full', sslrootcert: files.certificate });
  expect(refused).toMatchObject({ code: 3, message: expect.stringMatching(/altnames/) as string });
});

test('prefer goes on without TLS where the server has none; require does not', async () => {
  const { url } = await testDatabase();
  expect(await checkWith(new URL(url), { sslmode: 'prefer' })).toEqual({ code: 0, message: null });
  expect(await checkWith(new URL(url), {}, { PGSSLMODE: 'prefer' })).toEqual({
    code: 0,
    message: null,
  });
  expect(await checkWith(new URL(url), { sslmode: 'require' })).toMatchObject({ code: 3 });
});

test('a signal cancels a run behind TLS', async () => {
  const database = await testDatabase();
  const tls = await testTlsServer(database.url, testCertificate('localhost'));
  tls.searchParams.set('sslmode', 'require');
  const holder = await database.connect();
  await holder.query('BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE');
  const run = start(['up', '--lock-timeout=10min', '--json'], { url: tls.href });
  await blockedRun(database);
  run.child.kill('SIGTERM');
  expect((await run.finished).json()).toMatchObject({
    exitCode: 143,
    error: { code: 'interrupted' },
  });
  await eventually('the end of its sessions', async () => (await backends(database)).length === 0);
});
