import { expect, test } from 'vitest';
import { exitCodes } from '../../scripts/report/errors.js';
import { call } from '../support/call.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { nowhere, readReport, report, schema, words } from './report.js';

const project = () =>
  smallProject(['a'], { 'scripts/template.ts': 'export const down = false;\n' });

test('the schema names the outcomes and exit codes of the contract', () => {
  const { outcome, exitCode } = schema.properties;
  const successes = ['applied', 'reverted', 'nothing-to-do', 'matches', 'planned'];
  expect(outcome.enum.sort()).toEqual([...successes, ...Object.keys(exitCodes)].sort());
  expect(exitCode.enum).toEqual([0, ...Object.values(exitCodes), 130, 143]);
});

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

test('the script of plan, and the table of status, are in it', async () => {
  const { url } = await testDatabase({ base: false });
  const root = project();
  const { output = '' } = await report('plan', { url, root });
  expect(`${output}\n`).toBe((await call(['plan'], { url, root })).stdout);
  const pending = [{ name: '0001_a', appliedOn: null }];
  expect(await report('status', { url, root })).toMatchObject({ migrations: pending });
  await report('up', { url, root });
  const applied = [{ name: '0001_a', appliedOn: expect.stringMatching(/^2\d{3}-/) as string }];
  expect(await report('status', { url, root })).toMatchObject({ migrations: applied });
});

test('every kind of failure prints one object', async () => {
  const database = await testDatabase({ base: false });
  const { url, query } = database;
  const root = project();
  const aborted = (reason: string) => {
    const controller = new AbortController();
    controller.abort(reason);
    return controller.signal;
  };
  const expectFailure = async (line: string, expected: object, options: object = {}) =>
    expect(await report(line, { url, root, ...options })).toMatchObject(expected);
  await report('up', { url, root });
  await query('INSERT INTO a VALUES (1); CREATE INDEX by_id ON a (id)');
  const definition = 'USING btree (id)';
  const differences = [
    { kind: 'unexpected', object: 'index public.by_id', expected: null, found: definition },
  ];
  await expectFailure('check', { exitCode: 0, error: null, differences });
  await expectFailure('check --strict', { exitCode: 6, error: { code: 'drift' }, differences });
  const kept = { version: '0001_a', reverted: [] };
  await expectFailure('down', { exitCode: 7, outcome: 'data-loss', ...kept });
  const session = await database.connect();
  await session.query('SELECT pg_advisory_lock(7241865325823964)');
  await expectFailure('down --lock-wait=0', { exitCode: 4, error: { code: 'run-lock' }, ...kept });
  await expectFailure('nothing', { command: null, exitCode: 2, database: null });
  await expectFailure('up', { command: 'up', exitCode: 3, database: null }, { url: nowhere });
  for (const [reason, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    await expectFailure(
      'down',
      { exitCode, outcome: 'failed', error: { code: 'interrupted' } },
      { signal: aborted(reason) },
    );
  await session.query('SELECT pg_advisory_unlock_all()');
  const fails = { 'migrations/0001_a.ts': 'export const up = 5, down = false;' };
  await expectFailure('down', { exitCode: 2, ...kept }, { root: smallProject(['a'], fails) });
});
