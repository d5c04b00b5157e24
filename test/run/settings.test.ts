import { describe, expect, onTestFinished, test } from 'vitest';
import { serverMajor } from '../check/cases.ts';
import { makeDatabase } from '../support/database.ts';
import { plainRole } from '../support/plain-role.ts';
import { creates, settingsFile, setUp, sqlStep, step, table } from '../support/project.ts';

const base = `CREATE SCHEMA app; CREATE TABLE app.orders (id integer); CREATE TABLE orders (id integer);
  INSERT INTO app.orders VALUES (1); INSERT INTO orders VALUES (1)`;

describe('outside a transaction, names mean the schemas of the settings file', () => {
  test.for<[name: string, up: string, effect: object]>([
    ['DELETE', `pgm.sql('DELETE FROM orders');`, {}],
    ['CREATE TEMP', `pgm.sql('CREATE TEMP TABLE x AS SELECT 1; DELETE FROM orders');`, {}],
    [
      'CREATE INDEX CONCURRENTLY',
      `pgm.createIndex('orders', 'id', { name: 'i', concurrently: true });
        pgm.sql('DELETE FROM orders');`,
      { 'app.orders': { 'index i': 'USING btree (id)' } },
    ],
    [
      'statements of pgm.db',
      `await pgm.db.query('DELETE FROM orders');
        await pgm.db.query('CREATE INDEX CONCURRENTLY i ON orders (id)');`,
      { 'app.orders': { 'index i': 'USING btree (id)' } },
    ],
  ])('%s', async ([, up, effect]) => {
    const migration = step('0001_a', effect, `pgm.noTransaction(); ${up}`);
    const files = { ...settingsFile(['app', 'public']), ...migration };
    const { run, database } = await setUp(files, base);
    expect(await run('up')).toMatchObject({ exitCode: 0 });
    expect(await database.query('SELECT id FROM public.orders')).toEqual([{ id: 1 }]);
    expect(await database.query('SELECT id FROM app.orders')).toEqual([]);
  });
});

describe('what a migration has SET does not reach the next one', () => {
  test.for([
    'SET search_path TO app',
    'SET LOCAL search_path TO app',
    `SELECT set_config('search_path', 'app', false)`,
    `SELECT set_config('search_path', 'app', true)`,
    'SET search_path TO app; SET default_transaction_read_only = on',
  ])('%s', async (sql) => {
    for (const noTransaction of ['', 'pgm.noTransaction(); ']) {
      const first = step('0001_a', {}, `${noTransaction}pgm.sql(\`${sql}\`);`);
      const files = { ...first, ...sqlStep('0002_b', {}, 'DELETE FROM orders') };
      const { run, database } = await setUp(files, base);
      expect(await run('up')).toMatchObject({ exitCode: 0 });
      expect(await database.query('SELECT id FROM app.orders')).toEqual([{ id: 1 }]);
      expect(await database.query('SELECT id FROM public.orders')).toEqual([]);
    }
  });

  /** What a migration SETs, and a condition that is true in the next migration. */
  test.for([
    [
      'SET session_replication_role = replica',
      `current_setting('session_replication_role') = 'origin'`,
    ],
    ['SET ROLE pg_monitor', `current_user <> 'pg_monitor'`],
    ['SET LOCAL ROLE pg_monitor', `current_user <> 'pg_monitor'`],
    ['SET SESSION AUTHORIZATION pg_monitor', `session_user <> 'pg_monitor'`],
    [`SET statement_timeout = '50ms'`, '(SELECT true FROM pg_sleep(0.2))'],
    ['SET standard_conforming_strings = off', `'\\n' = chr(92) || 'n'`],
  ])('%s', async ([set = '', condition = '']) => {
    const check = `DO $$ BEGIN ASSERT ${condition}; END $$`;
    const { run } = await setUp({ ...sqlStep('0001_a', {}, set), ...sqlStep('0002_b', {}, check) });
    expect(await run('up')).toMatchObject({ exitCode: 0 });
  });

  test('a timeout that a migration SETs does not apply to the statement that records it', async () => {
    const set = `SET statement_timeout = '50ms'; SET lock_timeout = '1ms'`;
    const files = { ...creates('a'), ...sqlStep('0002_b', {}, set) };
    const { run, database } = await setUp(files);
    expect(await run('up 1')).toMatchObject({ exitCode: 0 });
    await database.query(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END';
      CREATE TRIGGER slow BEFORE INSERT ON pgmigrations FOR EACH ROW EXECUTE FUNCTION slow()`);
    expect(await run('up')).toMatchObject({ exitCode: 0, version: '0002_b' });
  });
});

test('every migration has the same settings, whatever those of the session are', async () => {
  const up = `DO $$ BEGIN ASSERT (SELECT string_agg(setting, ';' ORDER BY lower(name)) FROM pg_settings
    WHERE name ~ '^(DateStyle|IntervalStyle|(lock|statement)_timeout|TimeZone)$'
      OR name IN ('standard_conforming_strings', 'transaction_isolation'))
    = 'ISO, YMD;postgres;2000;on;0;UTC;read committed'; END $$`;
  const { run, database } = await setUp(sqlStep('0001_a', {}, up));
  const options = `-c datestyle=SQL -c intervalstyle=iso_8601 -c standard_conforming_strings=off
    -c lock_timeout=7s -c timezone=Asia/Tokyo -c default_transaction_isolation=serializable`;
  const url = `${database.url}?options=${encodeURIComponent(options)}`;
  expect(await run('up', url)).toMatchObject({ exitCode: 0 });
});

const turkish = serverMajor() < 15 ? [] : [`LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'`];
test.for([`ENCODING LATIN1 LOCALE 'C'`, ...turkish])('a database has %s', async (locale) => {
  const f =
    'CREATE OR REPLACE FUNCTION public.f()\n RETURNS integer\n LANGUAGE sql\nAS $function$SELECT 1$function$';
  const effect = { ...table('"größe"', 'id'), 'function public.f()': f };
  const up = `CREATE TABLE "größe" (id integer); ${f}`;
  const down = 'DROP TABLE "größe"; DROP FUNCTION f()';
  const { run, url } = await setUp(sqlStep('0001_a', effect, up, down));
  const database = await makeDatabase(url, { template: `template0 ${locale}` });
  onTestFinished(database.drop);
  await database.query(f);
  const role = await plainRole(database, 'CREATE ON SCHEMA public');
  const { error } = await run('up', role.url);
  await database.query(error?.hint.split('\n').at(-1) ?? ''); // The remedy.
  for (const line of ['plan', 'up', 'check', 'redo', 'down'])
    expect(await run(line, role.url)).toMatchObject({ exitCode: 0 });
});

test('looking for data does not switch off row security for the migrations', async () => {
  const { run, database } = await setUp({
    // The first migration of the second attempt runs right after the look for data.
    ...sqlStep('0001_a', {}, 'UPDATE public.owned SET id = 2'),
    ...sqlStep('0002_b', { 'public.t': { 'column gone': null } }, 'ALTER TABLE t DROP gone'),
  });
  const role = await plainRole(database, 'CREATE ON SCHEMA public');
  const client = await database.connect();
  await client.query(`SET ROLE "${role.name}";
    CREATE TABLE t (id integer, gone integer);
    CREATE TABLE owned (id integer); INSERT INTO owned VALUES (1); CREATE POLICY p ON owned USING (true);
    ALTER TABLE owned ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
  expect(await run('up', role.url)).toMatchObject({ exitCode: 0, version: '0002_b' });
  expect(await database.query('SELECT id FROM owned')).toEqual([{ id: 2 }]);
});

test('a temporary table hides a table of the same name only in the migration that creates it', async () => {
  const up = `CREATE TEMP TABLE orders (id integer); INSERT INTO orders VALUES (2);
    UPDATE orders SET id = 5`;
  const { run, database } = await setUp(
    { ...sqlStep('0001_a', {}, up), ...sqlStep('0002_b', {}, 'INSERT INTO orders VALUES (7)') },
    'CREATE TABLE orders (id integer); INSERT INTO orders VALUES (1)',
  );
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await database.query('SELECT id FROM orders')).toEqual([{ id: 1 }, { id: 7 }]);
});
