import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { expectAdopted } from './adoption.js';
import { legacyFiles, runLegacy } from './legacy.js';
import { testDatabase } from '../support/test-database.js';

const withoutLedgers = { without: ['pgmigrations', 'migrations'] };

test('the legacy files in their working order and `up` make the same schema, says pg_dump', async () => {
  const [legacy, ours] = await Promise.all([testDatabase(), testDatabase()]);
  expect(await runLegacy(legacy)).toEqual({ failed: [] });
  expect((await call(['up'], { url: ours.url })).code).toBe(0);
  const dump = await ours.dump(withoutLedgers);
  expect(dump).toContain('CREATE TABLE public.user_workflows');
  expect(await legacy.dump(withoutLedgers)).toBe(dump);
});

test('the same, says the check: with every migration written down, it finds the legacy schema to be as expected', async () => {
  const database = await testDatabase();
  await runLegacy(database);
  const names = ['0001_create-workflow-templates', '0002_create-user-workflows', '0003_link-workflow-executions'];
  names.push('0004_validate-workflow-executions', '0005_index-workflow-executions');
  await database.query(
    'CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)',
  );
  await database.query(`INSERT INTO pgmigrations (name, run_on) SELECT name, now() FROM unnest($1::text[]) AS name`, [
    names,
  ]);
  const check = (await call(['check', '--strict', '--json'], { url: database.url })).json();
  expect(check).toMatchObject({ outcome: 'matches', version: names.at(-1), pending: [], differences: [] });
});

test('`up` after the legacy files changes nothing but the migrations table', async () => {
  const database = await testDatabase({ rows: true });
  await runLegacy(database);
  const before = await database.dump({ without: ['pgmigrations'], rows: true });
  await expectAdopted(database);
  expect(await database.dump({ without: ['pgmigrations'], rows: true })).toBe(before);
});

test('in the order of their numbers the legacy files fail: 004 refers to a table of 009', async () => {
  const database = await testDatabase({ rows: true });
  const { failed } = await runLegacy(database, [...legacyFiles].sort());
  expect(failed).toEqual([{ file: '004_create_user_workflows_table.sql', sqlstate: '42P01' }]);
  expect(await database.query('SELECT filename FROM migrations ORDER BY id')).toEqual([
    { filename: '000_create_migrations_table.sql' },
    { filename: '009_agent_templates_v2.sql' },
  ]);
  await expect(database.query('SELECT FROM user_workflows')).rejects.toMatchObject({ code: '42P01' });
  await expectAdopted(database);
});
