import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { report } from '../support/call.ts';
import { plainRole } from '../support/plain-role.ts';
import { setUp, sqlStep, testProject } from '../support/project.ts';
import { testDatabase } from '../support/test-database.ts';
import { readCases } from './cases.ts';
import { differencesIn, withMigrated } from './changes.ts';
import { sensitiveToSettings, settings } from './samples.ts';

test('the check finds no difference, whatever settings the database has', async () => {
  await withMigrated(sensitiveToSettings, async (database, project) => {
    for (const setting of settings) {
      await database.query(`ALTER DATABASE ${database.name} SET ${setting}`);
      expect([setting, ...(await differencesIn(database, project))]).toEqual([setting]);
      await database.query(`ALTER DATABASE ${database.name} RESET ALL`);
    }
  });
});

test('snapshot writes the same effects, whatever settings the role has', async () => {
  const database = await testDatabase({ base: false });
  const { name, url } = await plainRole(database);
  await database.query(`ALTER ROLE ${name} SUPERUSER`);
  const root = testProject(sqlStep('0001_make', {}, sensitiveToSettings));
  expect(await report('snapshot', { url, root })).toMatchObject({ exitCode: 0 });
  for (const setting of settings) await database.query(`ALTER ROLE ${name} SET ${setting}`);
  expect(await report('snapshot', { url, root })).toMatchObject({ output: '' });
});

test('snapshot leaves out the migrations table, temporary tables, and parts of extensions and types', async () => {
  const sql = `CREATE EXTENSION citext; CREATE TABLE t (id serial, PRIMARY KEY (id), a citext);
    CREATE TYPE x AS RANGE (subtype = date); CREATE TEMPORARY TABLE u (a integer);
    CREATE VIEW v AS SELECT 1 AS a; CREATE FUNCTION f(x) RETURNS integer LANGUAGE sql AS 'SELECT 1'`;
  await withMigrated(sql, (_, root) => {
    const effect = readFileSync(join(root, 'migrations/schema/0001_make.json'), 'utf8');
    expect(Object.keys(JSON.parse(effect) as object).toSorted()).toEqual([
      'extension citext',
      'function public.f(public.x)',
      'public.t',
      'public.v',
      'sequence public.t_id_seq',
      'type public.x',
    ]);
    return Promise.resolve();
  });
});

const application = `CREATE TABLE users (id integer PRIMARY KEY, name text);
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`;
const orders = `CREATE TABLE orders (id integer PRIMARY KEY, "user" integer REFERENCES users);
  CREATE INDEX orders_user ON orders ("user");
  CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()`;

test('the check ignores changes by the application to its own tables, and new objects', async () => {
  const users = { table: '', 'column id': 'integer NOT NULL' };
  const files = {
    'migrations/schema/0000_prerequisites.json': { 'public.users': users },
    ...sqlStep('0001_orders', {}, orders),
    'test/fixtures/base-schema.sql': application,
  };
  const { database, root, run } = await setUp(files, application);
  for (const command of ['snapshot', 'up'])
    expect(await run(command)).toMatchObject({ exitCode: 0 });
  for (const { name, change } of readCases('elsewhere.txt')) {
    const copy = await testDatabase({ template: database });
    await (await copy.connect()).query(change);
    expect([name, ...(await differencesIn(copy, root))]).toEqual([name]);
  }
});
