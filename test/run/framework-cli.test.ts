import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import type { Database } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { migrate, start, startProgram } from '../support/migrate.js';
import { migration, testProject } from '../support/project.js';
import { root } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';

/** The framework's own command line, on this project's settings. */
const theirs = ({ url }: Database, direction: 'up' | 'down', ...args: string[]) =>
  startProgram('npx', ['node-pg-migrate', direction, ...args, '-f', '.node-pg-migraterc.json'], { url }).finished;
const ours = ({ url }: Database, ...args: string[]) => migrate([...args, '--json'], { url });

const ledgerOf = async (database: Database) =>
  (await database.query<{ name: string }>('SELECT name FROM pgmigrations ORDER BY id')).map(({ name }) => name);
const all = [
  '0001_create-workflow-templates',
  '0002_create-user-workflows',
  '0003_link-workflow-executions',
  '0004_validate-workflow-executions',
  '0005_index-workflow-executions',
];

test('theirs goes up, ours says that the schema matches, and finds nothing to do', async () => {
  const database = await testDatabase({ rows: true });
  const up = await theirs(database, 'up');
  expect({ code: up.code, stderr: up.stderr }).toMatchObject({ code: 0 });
  expect(await ledgerOf(database)).toEqual(all);
  expect((await ours(database, 'check', '--strict')).json()).toMatchObject({ outcome: 'matches', version: all.at(-1) });
  const before = await database.dump({ rows: true });
  expect((await ours(database, 'up')).json()).toMatchObject({ outcome: 'nothing-to-do', applied: [], pending: [] });
  expect(await database.dump({ rows: true })).toBe(before);
});

test('ours goes up, theirs finds nothing to do', async () => {
  const database = await testDatabase({ rows: true });
  expect((await ours(database, 'up')).json()).toMatchObject({ outcome: 'applied' });
  const before = await database.dump({ rows: true });
  const up = await theirs(database, 'up');
  expect([up.code, up.stdout]).toEqual([0, expect.stringContaining('No migrations to run!')]);
  expect(await database.dump({ rows: true })).toBe(before);
});

test('by turns: theirs one, ours the rest; theirs one down, ours the rest', async () => {
  const database = await testDatabase({ rows: true });
  const before = await database.dump({ without: ['pgmigrations'], rows: true });
  expect((await theirs(database, 'up', '1')).code).toBe(0);
  expect((await ours(database, 'up')).json()).toMatchObject({
    outcome: 'applied',
    applied: all.slice(1).map((name) => ({ name })),
  });
  expect((await theirs(database, 'down', '1')).code).toBe(0);
  expect(await ledgerOf(database)).toEqual(all.slice(0, 4));
  expect((await ours(database, 'down', '9')).json()).toMatchObject({ outcome: 'reverted', version: null });
  expect(await database.dump({ without: ['pgmigrations'], rows: true })).toBe(before);
});

/** A project whose first migration waits for the table `gate`, and its second for nothing. */
const gatedProject = () =>
  testProject({
    'migrations/0001_a.js': migration(
      `pgm.sql('LOCK TABLE gate IN ACCESS SHARE MODE'); pgm.createTable('a', { id: 'integer' });`,
      `pgm.dropTable('a');`,
    ),
    'migrations/schema/0001_a.json': {
      tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
    },
    'migrations/0002_b.js': migration(`pgm.createTable('b', { id: 'integer' });`, `pgm.dropTable('b');`),
    'migrations/schema/0002_b.json': {
      tables: { 'public.b': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
    },
  });

/** Theirs at work in another process: its migration holds until the gate is opened. */
async function atWork() {
  const database = await testDatabase({ base: false });
  await database.query('CREATE TABLE gate ()');
  const gate = await database.connect();
  await gate.query('BEGIN; LOCK TABLE gate');
  const folder = gatedProject();
  const bin = join(root, 'node_modules/node-pg-migrate/bin/node-pg-migrate.js');
  const cli = startProgram(process.execPath, [bin, 'up', '1', '-f', '.node-pg-migraterc.json'], {
    url: database.url,
    cwd: folder,
  });
  const pid = await eventually('a migration of theirs that waits', async () => {
    const [row] = await database.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE gate%'`);
    return row?.pid;
  });
  return { database, folder, cli, pid, open: () => gate.query('COMMIT') };
}

test('while theirs is at work, ours gives up after --lock-wait, and names it', async () => {
  const { database, folder, cli, pid, open } = await atWork();
  const report = (await call(['up', '--lock-wait=0.3', '--json'], { url: database.url, root: folder })).json();
  expect(report).toMatchObject({ outcome: 'locked', exitCode: 4, version: null, applied: [] });
  expect(report.error?.message.replace(/ for \d+ s,/, ' for N s,')).toBe(
    `another run holds the run lock, and did not let go within 0.3 s: pid ${pid}, unnamed from 127.0.0.1, ` +
      'for N s, active: LOCK TABLE gate IN ACCESS SHARE MODE;',
  );
  await open();
  expect((await cli.finished).code).toBe(0);
});

test('when theirs is through, ours goes on from there', async () => {
  const { database, folder, cli, pid, open } = await atWork();
  const run = start(['up', '--json'], { url: database.url, cwd: folder });
  await run.printed(`waiting for another run: pid ${pid}`);
  await open();
  expect((await cli.finished).code).toBe(0);
  expect((await run.finished).json()).toMatchObject({
    outcome: 'applied',
    exitCode: 0,
    version: '0002_b',
    applied: [{ name: '0002_b' }],
  });
  expect(await ledgerOf(database)).toEqual(['0001_a', '0002_b']);
});
