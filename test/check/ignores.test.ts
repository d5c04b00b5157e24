import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migration, testProject } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';
import { differencesIn, withMigrated } from './changes.js';
import { sensitive, settings } from './samples.js';

test('ignores the settings of the session', async () => {
  await withMigrated(sensitive, async (database, project) => {
    for (const setting of settings) {
      await database.query(`ALTER DATABASE ${database.name} SET ${setting}`);
      expect([setting, ...(await differencesIn(database, project))]).toEqual([setting]);
      await database.query(`ALTER DATABASE ${database.name} RESET ALL`);
    }
  });
});

test('snapshot writes the same under every setting', async () => {
  const { url, name, query } = await testDatabase({ base: false });
  const root = testProject({
    'migrations/0001_make.js': migration(`pgm.sql(${JSON.stringify(sensitive)});`, ''),
  });
  const first = await call(['snapshot', '--json'], { url, root });
  expect(first.json()).toMatchObject({ exitCode: 0 });
  for (const setting of settings) await query(`ALTER DATABASE ${name} SET ${setting}`);
  await query(`ALTER ROLE CURRENT_USER IN DATABASE ${name} SET quote_all_identifiers = on`);
  expect((await call(['snapshot', '--json'], { url, root })).json()).toMatchObject({ output: '' });
});

test('snapshot leaves out the migrations table, temporary objects, and what comes with another object', async () => {
  const sql = `CREATE EXTENSION citext; CREATE TABLE t (id serial, PRIMARY KEY (id), a citext);
    CREATE TYPE x AS RANGE (subtype = date); CREATE TEMPORARY TABLE u (a integer); CREATE VIEW v AS SELECT 1 AS a;
    CREATE FUNCTION f(x) RETURNS integer LANGUAGE sql AS 'SELECT 1'`;
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

/** What the application may do to its own tables, and others beside those of the migrations. */
const elsewhere: Readonly<Record<string, string>> = {
  'other tables': 'CREATE TABLE other (a integer PRIMARY KEY)',
  'other schemas with tables of the same names':
    'CREATE SCHEMA other; CREATE TABLE other.orders (a integer); CREATE INDEX orders_user ON other.orders (a)',
  'more columns on a shared table': 'ALTER TABLE users ADD phone text NOT NULL',
  'fewer columns on a shared table': 'ALTER TABLE users DROP name',
  'more indexes, constraints, triggers and policies on a shared table': `CREATE INDEX mine ON users (name);
    ALTER TABLE users ADD CONSTRAINT mine CHECK (name <> '') NOT VALID; CREATE POLICY mine ON users;
    CREATE TRIGGER mine BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()`,
  'row security of a shared table': 'ALTER TABLE users ENABLE ROW LEVEL SECURITY',
  'a default of a column that was there before': `ALTER TABLE users ALTER id SET DEFAULT 7`,
  'foreign keys of other tables': 'CREATE TABLE other (a integer REFERENCES orders)',
  'another function of the same name': `CREATE FUNCTION touch(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
  'views on an owned table': 'CREATE VIEW mine AS SELECT * FROM orders',
  rows: 'INSERT INTO users VALUES (1); INSERT INTO orders VALUES (1, 1)',
  'a table in a temporary schema': 'CREATE TEMPORARY TABLE orders (a integer)',
};

describe('ignores', () => {
  test('objects that no effect names', async () => {
    const database = await testDatabase({ base: false });
    await database.query(`CREATE TABLE users (id integer PRIMARY KEY, name text);
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`);
    const root = testProject({
      'migrations/schema/0000_prerequisites.json': {
        'public.users': { table: '', 'column id': 'integer NOT NULL' },
      },
      'migrations/0001_orders.js': migration(
        `pgm.sql('CREATE TABLE orders (id integer PRIMARY KEY, "user" integer REFERENCES users); CREATE INDEX orders_user ON orders ("user"); CREATE TRIGGER t BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch()');`,
        '',
      ),
      'test/fixtures/base-schema.sql': `CREATE TABLE users (id integer PRIMARY KEY, name text);
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`,
    });
    for (const command of ['snapshot', 'up'])
      expect(await call([command], { url: database.url, root })).toMatchObject({ code: 0 });
    for (const [what, sql] of Object.entries(elsewhere)) {
      const copy = await testDatabase({ template: database });
      await copy.query(sql);
      expect([what, ...(await differencesIn(copy, root))]).toEqual([what]);
    }
  });
});
