import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fixture, makeDatabase, type Database } from '../support/database.js';
import { startEmbedded, type EmbeddedOptions, type EmbeddedServer } from '../support/embedded.js';
import { HEAD, call, start } from './workflows.js';
import { testAll } from '../support/everything.js';

/** A server for the test alone, with a database on it that the migrations can begin from. */
async function testServer(
  options: EmbeddedOptions = {},
): Promise<{ server: EmbeddedServer; database: Database }> {
  const starting = startEmbedded({ ...options, settings: { fsync: 'off' } });
  onTestFinished(() => starting.then((server) => server.stop()));
  const server = await starting;
  const database = await makeDatabase(server.url);
  await database.query(fixture('base-schema.sql') + fixture('base-rows.sql'));
  return { server, database };
}

/** Makes a server a standby, which goes on reading what its primary would have sent it. */
async function makeStandby({ control, folder }: EmbeddedServer): Promise<void> {
  writeFileSync(join(folder, 'data/standby.signal'), '', { mode: 0o644 });
  await control('restart');
}

test('a standby: up and down are refused and change nothing; status, check and plan work', async () => {
  const { server, database } = await testServer();
  expect((await call(['up', '3'], { url: database.url })).code).toBe(0);
  const before = await database.dump({ rows: true });
  await makeStandby(server);
  for (const argv of [['up'], ['down'], ['redo']]) {
    const report = (await call([...argv, '--json'], { url: database.url })).json();
    expect(report).toMatchObject({
      outcome: 'unavailable',
      exitCode: 3,
      version: '0003_link-workflow-executions',
      applied: [],
      reverted: [],
      error: {
        code: 'problems',
        message: expect.stringContaining('standby') as string,
        hint: expect.stringContaining('primary') as string,
      },
    });
  }
  const version = '0003_link-workflow-executions';
  expect((await call(['check', '--json'], { url: database.url })).json()).toMatchObject({
    outcome: 'matches',
    version,
  });
  expect((await call(['status', '--json'], { url: database.url })).json()).toMatchObject({
    outcome: 'matches',
    version,
  });
  const plan = (await call(['plan', '--json'], { url: database.url })).json();
  expect(plan).toMatchObject({ outcome: 'planned', exitCode: 0 });
  expect(plan.output).toContain('CREATE INDEX CONCURRENTLY');
  expect(await database.dump({ rows: true })).toBe(before);
});

test.runIf(testAll)('a standby that is at the head: up finds nothing to do', async () => {
  const { server, database } = await testServer();
  expect((await call(['up'], { url: database.url })).code).toBe(0);
  await makeStandby(server);
  const report = (await call(['up', '--json'], { url: database.url })).json();
  expect(report).toMatchObject({ outcome: 'nothing-to-do', exitCode: 0, version: HEAD });
});

// Its programs are fetched from npm.
test.runIf(testAll)(
  'a server that is too old: refused, in one sentence, by every command that needs one',
  async () => {
    const { database } = await testServer({ major: 13 });
    const before = await database.dump({ rows: true });
    for (const argv of [['up'], ['check'], ['status'], ['plan'], ['down'], ['snapshot']]) {
      const report = (await call([...argv, '--json'], { url: database.url })).json();
      expect(report).toMatchObject({
        outcome: 'unavailable',
        exitCode: 3,
        error: { code: 'too-old', sqlstate: null },
      });
      expect(report.error?.message).toMatch(
        /PostgreSQL 13\.\d+; the oldest supported version is 14$/,
      );
    }
    expect(await database.dump({ rows: true })).toBe(before);
  },
);

test('--connect-wait: a server that is down is waited for until it is up', async () => {
  const { server, database } = await testServer();
  await server.control('stop');
  const run = start(['up', '--json', '--connect-wait=60'], { url: database.url });
  // A run without it has started and ended meanwhile, so that this one has been refused at least once too.
  const impatient = await start(['up', '--json'], { url: database.url }).finished;
  expect(impatient.json()).toMatchObject({ exitCode: 3, error: { code: 'not-connected' } });
  expect(run.child.exitCode).toBeNull();
  await server.control('start');
  expect((await run.finished).json()).toMatchObject({
    outcome: 'applied',
    exitCode: 0,
    version: HEAD,
  });
});
