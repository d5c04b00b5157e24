import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migration, testProject } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';
import { differencesIn, withMigrated } from './changes.js';

/** Settings that change how PostgreSQL prints things, as `ALTER DATABASE … SET` gives them to each session. */
const settings = [
  'search_path = other, pg_temp',
  `search_path = ''`,
  'quote_all_identifiers = on',
  'standard_conforming_strings = off',
  'escape_string_warning = off',
  'backslash_quote = off',
  `DateStyle = 'SQL, DMY'`,
  `DateStyle = 'German'`,
  `IntervalStyle = 'sql_standard'`,
  `IntervalStyle = 'iso_8601'`,
  `TimeZone = 'Asia/Kathmandu'`,
  'bytea_output = escape',
  'extra_float_digits = -10',
  'xmlbinary = hex',
  'xmloption = document',
  'transform_null_equals = on',
  'array_nulls = off',
  'client_encoding = LATIN1',
  `default_transaction_isolation = 'serializable'`,
  'enable_indexscan = off',
  'check_function_bodies = off',
  'session_replication_role = replica',
  'row_security = off',
  `lc_monetary = 'C.utf8'`,
  `lc_numeric = 'C.utf8'`,
  `lc_messages = 'C.utf8'`,
  'join_collapse_limit = 1',
  'jit = on',
];

/** Definitions that these settings would print in another way. */
const sensitive = `CREATE DOMAIN d AS text DEFAULT 'a\\b' CONSTRAINT c CHECK (VALUE <> '\\d');
  CREATE TABLE "select" ("user" text DEFAULT 'back\\slash' CHECK ("user" ~ '^\\d+\\s$'), day date DEFAULT '2024-02-03',
    moment timestamptz DEFAULT '2024-02-03 04:05:06+00', span interval DEFAULT '1 day 02:03:04', bytes bytea DEFAULT '\\xdeadbeef',
    share double precision DEFAULT '0.30000000000000004'::double precision, price money DEFAULT '1.5'::money, label d,
    CHECK (day > '2000-01-02'), EXCLUDE USING gist (tstzrange(moment, '2030-01-01 00:00:00+00') WITH &&));
  CREATE INDEX ON "select" (day) WHERE moment > '2024-01-01 00:00:00+00' AND "user" <> '\\';
  CREATE VIEW v AS SELECT "user" || '\\n' AS a, '1 mon'::interval AS b, '2024-02-03'::date AS c FROM "select";
  CREATE POLICY p ON "select" USING ("user" <> '\\' AND day > '2024-02-03');
  CREATE FUNCTION f(a date DEFAULT '2024-02-03', b text DEFAULT '\\') RETURNS text LANGUAGE sql AS 'SELECT  b;   SELECT ''ss\\s''';
  CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER t BEFORE UPDATE ON "select" FOR EACH ROW WHEN (NEW.day > '2024-02-03') EXECUTE FUNCTION g('\\', 'x')`;

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
