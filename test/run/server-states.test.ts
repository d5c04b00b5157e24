import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { execute, makeDatabase } from '../support/database.ts';
import { startEmbedded, type EmbeddedServer } from '../support/embedded.ts';
import { testAll } from '../support/test-all.ts';
import { BASE, blockRun, expectRecovery, ITEMS, LAST } from './items.ts';
import { LONG_WAIT, places, setUpItems } from './items.ts';
import { testPooler } from './pgbouncer.ts';
import { startRelay } from './relay.ts';

/** A server for this file alone, since these tests restart it. */
let server: EmbeddedServer;
beforeAll(async () => {
  server = await startEmbedded({ settings: { fsync: 'off' } });
});
afterAll(() => server.stop());

const modes = ['fast', 'immediate'] as const;
const restarts = places.flatMap((place) => modes.map((mode) => [mode, ...place] as const));
const sampled = restarts.filter((_, index) => testAll || [0, 3, 4, 7].includes(index));
test.for(sampled)('a run recovers from a restart (%s) %s', async ([mode, , line, sql, version]) => {
  const { database, run } = await setUpItems(ITEMS, server);
  if (line !== 'up') await run('up');
  const { running } = await blockRun(database, sql, () => run(`${line} ${LONG_WAIT}`));
  await server.restart(mode);
  const [outcome, exitCode] = version === null ? ['unavailable', 3] : ['partial', 8];
  expect(await running).toMatchObject({ outcome, exitCode, version });
  expect(await run('check')).toMatchObject({ version });
  await expectRecovery(database, run, line);
});

test('a run whose COMMIT waits for a standby says so, and that it has committed', async () => {
  const { database, start } = await setUpItems(ITEMS, server);
  await database.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
  await database.query('SELECT pg_reload_conf()');
  onTestFinished(async () => {
    await database.query('ALTER SYSTEM RESET synchronous_standby_names');
    await database.query('SELECT pg_reload_conf()');
  });
  const { child, printed, finished } = start('up 1');
  await printed('waiting for a standby (synchronous_standby_names)');
  child.kill('SIGINT');
  const hint = expect.stringContaining('A part of this run is committed') as string;
  const applied = [{ name: '0001_tags' }];
  expect((await finished).json()).toMatchObject({ exitCode: 130, applied, error: { hint } });
});

test('a role with read-only transactions is refused before anything is written', async () => {
  const { database, run, tables } = await setUpItems();
  const where = `IN DATABASE ${database.name}`;
  await database.query(`ALTER ROLE CURRENT_USER ${where} SET default_transaction_read_only = on`);
  const report = await run('up');
  expect(report).toMatchObject({ exitCode: 3, error: { code: 'problems' } });
  expect(report.error?.message).toMatch(/- transactions of role \w+ are read-only$/m);
  expect(await tables()).toEqual(['items']);
  expect(await run('check')).toMatchObject({ exitCode: 0, version: null });
  // The remedy must work in a session whose transactions are read-only.
  const [, remedy = '', role = ''] =
    /^ {2}(BEGIN READ WRITE; (ALTER ROLE .+) SET .*)/m.exec(report.error?.hint ?? '') ?? [];
  await database.query(remedy);
  expect(await run('up 1')).toMatchObject({ exitCode: 0 });
  await database.query(`${role} RESET default_transaction_read_only`);
});

/** Adds another server with a copy of the project's database, as a standby that was promoted. */
async function setUpFailover() {
  const project = await setUpItems(ITEMS, server);
  const promoted = await startEmbedded({ settings: { fsync: 'off' } });
  onTestFinished(promoted.stop);
  const { password } = new URL(project.url);
  await execute(promoted.url, `ALTER ROLE postgres PASSWORD '${password}'`);
  const superuser = Object.assign(new URL(promoted.url), { password }).href;
  const { query } = await makeDatabase(superuser, { name: project.database.name });
  await query(BASE);
  return { ...project, promoted: { url: promoted.url, query } };
}

test('a run is refused if its connections lead to two servers, as during a failover', async () => {
  const { url, run, promoted } = await setUpFailover();
  let target = url;
  const relay = await startRelay(target, (client, dial) => {
    client.pipe(dial(target)).pipe(client);
    target = promoted.url;
  });
  const report = await run('up', relay.through(url));
  expect(report).toMatchObject({ exitCode: 3, error: { code: 'run-lock-lost' } });
  const table = await promoted.query("SELECT FROM pg_class WHERE relname = 'pgmigrations'");
  expect(table).toEqual([]);
});

test('nothing runs outside a transaction if a pooler now leads to another server', async (context) => {
  const { url, run, promoted } = await setUpFailover();
  let target = url;
  const relay = await startRelay(target, (client, dial) => {
    const upstream = dial(target);
    client.pipe(upstream).pipe(client);
    client.on('data', (sent) => {
      if (!sent.includes('COMMIT\0')) return;
      target = promoted.url;
      upstream.once('data', () => client.end()); // The pooler then opens another connection.
    });
  });
  const pooler = await testPooler(context, relay.through(url));
  const error = { code: 'run-lock-lost' };
  expect(await run('up', pooler.through(url))).toMatchObject({ exitCode: 8, error });
  const index = await promoted.query("SELECT FROM pg_class WHERE relname = 'items_name'");
  expect(index).toEqual([]);
});

// The last test on this server, which stays a standby: it waits for data of a primary server.
test('on a standby, commands that write are refused, and commands that read work', async () => {
  const { database, run } = await setUpItems(ITEMS, server);
  const head = await setUpItems(ITEMS, server);
  expect(await run('up 2')).toMatchObject({ exitCode: 0 });
  expect(await head.run('up')).toMatchObject({ exitCode: 0 });
  writeFileSync(join(server.folder, 'data/standby.signal'), '', { mode: 0o644 });
  await server.restart();
  for (const line of ['up', 'down', 'redo']) {
    const report = await run(line);
    const state = { version: '0002_note', applied: [], reverted: [] };
    expect(report).toMatchObject({ outcome: 'unavailable', exitCode: 3, ...state });
    expect(report.error?.code).toBe('problems');
    expect(report.error?.message).toContain('standby');
  }
  for (const line of ['check', 'status'])
    expect(await run(line)).toMatchObject({ outcome: 'matches', exitCode: 0 });
  const plan = await run('plan');
  expect(plan).toMatchObject({ outcome: 'planned', exitCode: 0 });
  expect(plan.output).toContain('CONCURRENTLY');
  const nothing = { outcome: 'nothing-to-do', exitCode: 0, version: LAST };
  expect(await head.run('up')).toMatchObject(nothing);
  expect(await database.query('SELECT name FROM pgmigrations')).toHaveLength(2);
});

test.runIf(testAll)('a server that is too old is refused by every command', async () => {
  const old = await startEmbedded({ major: 13, settings: { fsync: 'off' } });
  onTestFinished(() => old.stop());
  const { database, run } = await setUpItems(ITEMS, old);
  for (const line of ['up', 'check', 'status', 'plan', 'down', 'snapshot']) {
    const { exitCode, error } = await run(line);
    expect([line, exitCode, error?.code]).toEqual([line, 3, 'too-old']);
    expect(error?.message).toMatch(/PostgreSQL 13\.\d+; .* 14$/);
  }
  expect(await database.query(`SELECT FROM pg_class WHERE relname = 'pgmigrations'`)).toEqual([]);
});
