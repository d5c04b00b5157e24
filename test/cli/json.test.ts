import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { readReport, report, words } from './report.js';

const project = () =>
  smallProject(['a'], { 'scripts/template.ts': 'export const down = false;\n' });

test('every command prints one object, and nothing on stderr', async () => {
  const { url, name } = await testDatabase({ base: false });
  const root = project();
  for (const [line, outcome, version, applied, reverted, pending] of [
    ['plan', 'planned', null, '', '', '0001_a'],
    ['up', 'applied', '0001_a', '0001_a', '', ''],
    ['up', 'nothing-to-do', '0001_a', '', '', ''],
    ['status', 'matches', '0001_a', '', '', ''],
    ['check', 'matches', '0001_a', '', '', ''],
    ['redo', 'applied', '0001_a', '0001_a', '0001_a', ''],
    ['plan down', 'planned', '0001_a', '', '', ''],
    ['down --dry-run', 'planned', '0001_a', '', '', ''],
    ['down', 'reverted', null, '', '0001_a', '0001_a'],
    ['down', 'nothing-to-do', null, '', '', '0001_a'],
    ['status', 'matches', null, '', '', '0001_a'],
    ['snapshot', 'applied', null, '', '', ''],
    ['create next', 'applied', null, '', '', '0002_next'],
  ] as const) {
    const { code, stdout, stderr } = await call([...words(line), '--json'], { url, root });
    expect([line, code, stderr]).toEqual([line, 0, '']);
    const json = readReport(stdout);
    const names = [json.applied, json.reverted].map((done) => done.map((one) => one.name).join());
    const found = [line, json.outcome, json.version, ...names, json.pending.join()];
    expect(found).toEqual([line, outcome, version, applied, reverted, pending]);
    expect(json.command).toBe(words(line)[0]);
    const isConnected = !/create|snapshot/.test(line);
    expect(json.database).toEqual(isConnected ? expect.objectContaining({ name }) : null);
  }
});

test('plan has its script in it, and status its table', async () => {
  const { url } = await testDatabase({ base: false });
  const root = project();
  const { output = '' } = await report('plan', { url, root });
  expect(`${output}\n`).toBe((await call(['plan'], { url, root })).stdout);
  const status = async () => await report('status', { url, root });
  expect(await status()).toMatchObject({ migrations: [{ name: '0001_a', appliedOn: null }] });
  await report('up', { url, root });
  const appliedOn = expect.stringMatching(/^2\d{3}-/) as string;
  expect(await status()).toMatchObject({ migrations: [{ name: '0001_a', appliedOn }] });
});

test('warnings, data loss, a lock and a signal', async () => {
  const database = await testDatabase({ base: false });
  const { url } = database;
  const root = project();
  await report('up', { url, root });
  await database.query('INSERT INTO a VALUES (1); CREATE INDEX by_id ON a (id)');
  const session = await database.connect();
  const [expected, found] = [null, 'USING btree (id)'];
  const differences = [{ kind: 'unexpected', object: 'index public.by_id', expected, found }];
  const kept = { version: '0001_a', reverted: [] };
  for (const [line, result] of [
    ['check', { exitCode: 0, error: null, differences }],
    ['down', { exitCode: 7, outcome: 'data-loss', ...kept }],
  ] as const)
    expect(await report(line, { url, root })).toMatchObject(result);
  await session.query('SELECT pg_advisory_lock(7241865325823964)');
  const locked = { exitCode: 4, error: { code: 'run-lock' }, ...kept };
  expect(await report('down --lock-wait=0', { url, root })).toMatchObject(locked);
  for (const [reason, exitCode] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
    const controller = new AbortController();
    controller.abort(reason);
    const stopped = await report('down', { url, root, signal: controller.signal });
    expect(stopped).toMatchObject({ exitCode, outcome: 'failed', error: { code: 'interrupted' } });
  }
});
