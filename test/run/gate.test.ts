import { expect, test } from 'vitest';
import { actions, integer, stage, table } from './stage.js';

test('a statement of work that nobody waits for is refused once the schema is being checked', async () => {
  const { database, run } = await stage(
    {
      'migrations/0001_b.ts': actions(`
        void (async () => {
          for (;;) {
            const [{ path }] = await pgm.db.select("SELECT current_setting('search_path') AS path");
            if (!path.includes('public')) break;
          }
          await pgm.db.query('ALTER TABLE public.a ADD late integer');
        })().catch(() => undefined);
        pgm.sql('CREATE TABLE b (id integer)');`),
      'migrations/schema/0001_b.json': table('public.b', { id: integer }),
    },
    'CREATE TABLE a (id integer)',
  );
  const { exitCode, error } = (await run('up')) as { exitCode: number; error: { code: string } };
  expect([exitCode, error.code]).toEqual([5, 'late-statement']);
  expect(await database.query("SELECT FROM pg_attribute WHERE attname = 'late'")).toEqual([]);
  expect(await database.query("SELECT FROM pg_class WHERE relname = 'b'")).toEqual([]);
});

const deferred = (sql: string) => `CREATE TABLE a (id integer);
  CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${sql}; RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER later AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later()`;
const inserts = {
  'migrations/0001_b.ts': actions("pgm.sql('CREATE TABLE b (id integer); INSERT INTO a VALUES (1)');"),
  'migrations/schema/0001_b.json': table('public.b', { id: integer }),
};

test('what a deferred trigger changes at the commit is checked', async () => {
  const { database, run } = await stage(inserts, deferred('ALTER TABLE b ADD late integer'));
  expect(await run('up --strict')).toMatchObject({ exitCode: 6, differences: [{ object: 'column public.b.late' }] });
  expect(await database.query("SELECT FROM pg_class WHERE relname = 'b'")).toEqual([]);
});

test('a deferred trigger finds its tables as the application does', async () => {
  const { database, run } = await stage(
    inserts,
    `CREATE TABLE log (id integer); ${deferred('INSERT INTO log VALUES (1)')}`,
  );
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await database.query('SELECT id FROM log')).toEqual([{ id: 1 }]);
});

test('an error that a migration takes back to a savepoint does not decide how the run ends', async () => {
  const { run } = await stage({
    'migrations/0001_a.ts': actions(`await pgm.db.query('SAVEPOINT s');
      try { await pgm.db.query('SELECT 1/0'); } catch { await pgm.db.query('ROLLBACK TRANSACTION TO s'); }
      pgm.sql('CREATE TABLE a (id bigint)');`),
    'migrations/schema/0001_a.json': table('public.a', { id: integer }),
  });
  expect(await run('up')).toMatchObject({ exitCode: 6, differences: [{ object: 'column public.a.id' }] });
});

test('temporary tables hide neither the catalog nor the types from the check', async () => {
  const { run } = await stage({
    'migrations/0001_a.ts': actions(`pgm.sql('CREATE TEMP TABLE pg_index (LIKE pg_catalog.pg_index) ON COMMIT DROP');
      pgm.sql('CREATE TEMP TABLE date (n integer) ON COMMIT DROP');
      pgm.sql('CREATE TABLE a (d pg_catalog.date); CREATE INDEX i ON a (d)');`),
    'migrations/schema/0001_a.json': table('public.a', { d: { type: 'date', null: true } }),
  });
  expect(await run('up --strict')).toMatchObject({
    exitCode: 6,
    differences: [{ kind: 'unexpected', object: 'index public.i' }],
  });
});

test('an error of its own, after one that was taken back to a savepoint, is told without that one', async () => {
  const { run } = await stage({
    'migrations/0001_a.ts': actions(`await pgm.db.query('SAVEPOINT s');
      try { await pgm.db.query('SELECT 1/0'); } catch { await pgm.db.query('ROLLBACK TO s'); }
      throw new Error('mine');`),
    'migrations/schema/0001_a.json': table('public.a', { id: integer }),
  });
  const { exitCode, error } = (await run('up')) as { exitCode: number; error: { message: string } };
  expect([exitCode, error.message]).toEqual([5, expect.not.stringContaining('1/0')]);
});

test('what cannot be reverted outside a transaction is not told as reverted by a second attempt', async () => {
  const { database, run } = await stage(
    {
      'migrations/schema/0000_prerequisites.json': { tables: { 'public.users': {} } },
      'migrations/0001_i.ts': actions(
        "pgm.noTransaction(); pgm.sql('CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON users (s)');",
        `pgm.noTransaction(); pgm.sql("SET lock_timeout = '100ms'"); pgm.sql('DROP INDEX CONCURRENTLY i');`,
      ),
      'migrations/schema/0001_i.json': { tables: { 'public.users': { indexes: { i: 'btree (s)' } } } },
    },
    'CREATE TABLE users (s text)',
  );
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  const other = await database.connect();
  await other.query('BEGIN; LOCK TABLE users IN SHARE UPDATE EXCLUSIVE MODE');
  expect(await run('down')).toMatchObject({ exitCode: 8, error: { code: 'partial', sqlstate: '55P03' } });
  await other.query('ROLLBACK');
  expect(await run('up')).toMatchObject({ exitCode: 0, outcome: 'applied' });
});
