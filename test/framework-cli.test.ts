import { expect, test } from 'vitest';
import type { Database } from './support/database.js';
import { migrate, startProgram } from './support/migrate.js';
import { testDatabase } from './support/test-database.js';

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
