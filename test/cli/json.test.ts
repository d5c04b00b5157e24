import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failures } from '../../scripts/report/errors.js';
import { call } from '../support/call.js';
import { migration, testProject } from '../support/project.js';
import { readReport } from './report.js';
import { root as repository } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';

const project = () =>
  testProject({
    'scripts/template.ts': 'export const down = false;\n',
    'migrations/0001_a.ts': migration(`pgm.createTable('a', { id: 'int' });`, `pgm.dropTable('a');`),
    'migrations/schema/0001_a.json': {
      tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
    },
  });

test('the schema and the contract name the same outcomes and exit codes', () => {
  const schema = JSON.parse(readFileSync(join(repository, 'scripts/report/report.schema.json'), 'utf8')) as {
    properties: { outcome: { enum: string[] }; exitCode: { enum: number[] } };
  };
  const successes = ['applied', 'reverted', 'nothing-to-do', 'matches', 'planned'];
  expect(schema.properties.outcome.enum.sort()).toEqual([...successes, ...Object.keys(failures)].sort());
  expect(schema.properties.exitCode.enum).toEqual([0, ...Object.values(failures), 130, 143]);
});

test('every command, one after the other', async () => {
  const { url } = await testDatabase({ base: false });
  const root = project();
  const run = async (line: string) => {
    const { stdout, stderr, code } = await call([...line.split(' '), '--json'], { url, root });
    const report = readReport(stdout);
    expect(code).toBe(report.exitCode);
    if (code === 0) expect(stderr).toBe('');
    return report;
  };
  const outcomes = [];
  for (const line of [
    'plan',
    'up',
    'up',
    'status',
    'check',
    'redo',
    'plan down',
    'down --dry-run',
    'down',
    'status',
    'snapshot',
  ]) {
    const { command, outcome, version, applied, reverted, pending } = await run(line);
    const names = [applied, reverted].map((done) => done.map(({ name }) => name).join());
    outcomes.push([line, command, outcome, version, ...names, pending.join()]);
  }
  expect(outcomes).toEqual([
    ['plan', 'plan', 'planned', null, '', '', '0001_a'],
    ['up', 'up', 'applied', '0001_a', '0001_a', '', ''],
    ['up', 'up', 'nothing-to-do', '0001_a', '', '', ''],
    ['status', 'status', 'matches', '0001_a', '', '', ''],
    ['check', 'check', 'matches', '0001_a', '', '', ''],
    ['redo', 'redo', 'applied', '0001_a', '0001_a', '0001_a', ''],
    ['plan down', 'plan', 'planned', '0001_a', '', '', ''],
    ['down --dry-run', 'down', 'planned', '0001_a', '', '', ''],
    ['down', 'down', 'reverted', null, '', '0001_a', '0001_a'],
    ['status', 'status', 'matches', null, '', '', '0001_a'],
    ['snapshot', 'snapshot', 'applied', null, '', '', ''],
  ]);
  expect(await run('create next')).toMatchObject({
    command: 'create',
    output: 'migrations/0002_next.ts\nmigrations/schema/0002_next.json',
  });
});

test('the script of a plan, and the table of status, are in it', async () => {
  const { url } = await testDatabase({ base: false });
  const root = project();
  const plan = await call(['plan', '--json'], { url, root });
  expect(`${readReport(plan.stdout).output ?? ''}\n`).toBe((await call(['plan'], { url, root })).stdout);
  const pending = readReport((await call(['status', '--json'], { url, root })).stdout);
  expect(pending).toMatchObject({ migrations: [{ name: '0001_a', appliedOn: null }] });
  await call(['up'], { url, root });
  const applied = readReport((await call(['status', '--json'], { url, root })).stdout);
  expect(applied).toMatchObject({
    migrations: [{ name: '0001_a', appliedOn: expect.stringMatching(/^2\d{3}-/) as string }],
  });
});

test('differences, data loss, a lock, a signal', async () => {
  const database = await testDatabase({ base: false });
  const { url } = database;
  const root = project();
  await call(['up'], { url, root });
  await database.query('INSERT INTO a VALUES (1); CREATE INDEX by_id ON a (id)');
  const report = async (line: string, signal?: AbortSignal) => {
    const { stdout } = await call([...line.split(' '), '--json'], { url, root, ...(signal && { signal }) });
    return readReport(stdout);
  };
  const difference = { kind: 'unexpected', object: 'index public.by_id', expected: null, found: 'btree (id)' };
  expect(await report('check')).toMatchObject({ exitCode: 0, differences: [difference] });
  expect(await report('check --strict')).toMatchObject({
    exitCode: 6,
    differences: [difference],
    error: { code: 'drift' },
  });
  expect(await report('down')).toMatchObject({ exitCode: 7, outcome: 'data-loss', version: '0001_a', reverted: [] });
  await (await database.connect()).query('SELECT pg_advisory_lock(7241865325823964)');
  expect(await report('down --lock-wait=0')).toMatchObject({
    exitCode: 4,
    outcome: 'locked',
    error: { code: 'run-lock' },
  });
  for (const [name, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const stopping = new AbortController();
    stopping.abort(name);
    expect(await report('down', stopping.signal)).toMatchObject({ exitCode, error: { code: 'interrupted' } });
  }
});

test.each(['help', '--help', '--version', 'up --help'])('%s', async (line) => {
  const plain = await call(line.split(' '));
  const { code, stdout } = await call([...line.split(' '), '--json']);
  const report = readReport(stdout);
  expect([code, report.exitCode, report.error, report.database]).toEqual([0, 0, null, null]);
  expect(`${report.output ?? ''}\n`).toBe(plain.stdout);
  expect((await call([...line.split(' '), '--quiet'])).stdout).toBe(plain.stdout);
});
