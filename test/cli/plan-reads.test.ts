import { randomBytes } from 'node:crypto';
import { inject, expect, test } from 'vitest';
import { call } from '../support/call.js';
import type { Database } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { migration } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

/** Gives the URL of a role that may read, and nothing else: it cannot write, lock, or make a temporary table. */
async function reader(database: Database): Promise<string> {
  const role = `reader_${randomBytes(4).toString('hex')}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'reads';
    REVOKE ALL ON DATABASE ${database.name} FROM PUBLIC; GRANT CONNECT ON DATABASE ${database.name} TO ${role};
    REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO ${role};
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'reads'];
  return url.href;
}

const commands = ['plan', 'plan down 2', 'up --dry-run', 'redo 2 --dry-run'].map((line) => line.split(' '));

test('a role that may only read, in transactions that are read-only, plans the same', async () => {
  const database = await testDatabase();
  expect(await call(['up', '3'], { url: database.url })).toMatchObject({ code: 0 });
  const url = await reader(database);
  await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
  for (const argv of commands) {
    const planned = await call(argv, { url });
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(planned.stdout).toBe((await call(argv, { url: database.url })).stdout);
  }
});

test('before the first migration, a role that may only read plans it all', async () => {
  const database = await testDatabase();
  const url = await reader(database);
  const planned = await call(['plan', '--json'], { url });
  expect(planned.json()).toMatchObject({ outcome: 'planned', exitCode: 0, version: null, error: null });
  expect(planned.json().pending).toHaveLength(5);
  expect(await database.query("SELECT FROM pg_class WHERE relname = 'pgmigrations'")).toEqual([]);
});

test('it waits for nobody: neither for a run, nor for whoever writes to the tables alone', async () => {
  const database = await testDatabase();
  expect(await call(['up', '3'], { url: database.url })).toMatchObject({ code: 0 });
  // Whoever waits for a lock after all fails instead of waiting for ever.
  await database.query(`ALTER DATABASE ${database.name} SET lock_timeout = '3s'`);
  const other = await database.connect();
  await other.query('SELECT pg_advisory_lock(7241865325823964)');
  await other.query('BEGIN');
  // All but reading waits for this. (The catalog's own functions read the tables since PostgreSQL 17.)
  await other.query('LOCK TABLE users, workflow_executions, workflow_templates, user_workflows IN EXCLUSIVE MODE');
  for (const argv of commands) expect(await call(argv, { url: database.url })).toMatchObject({ code: 0, stderr: '' });
});

/** Rows that were ever written to what is this database's own, rolled back or not; autovacuum's own aside. */
const written = async (database: Database) => {
  await eventually('a database without sessions', async () => {
    const others = await database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND backend_type = 'client backend' AND pid <> pg_backend_pid()`);
    return others.length === 0;
  });
  return database.query(`SELECT s.relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_all_tables s
    JOIN pg_class c ON c.oid = relid AND NOT c.relisshared
    WHERE s.relname NOT LIKE 'pg_statistic%' AND n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY relid`);
};

// Before 15 the counters arrive at some time, and what is not counted yet cannot be told from what was not written.
test.skipIf(Number.parseInt(inject('server').version) < 15)('nothing at all is written', async () => {
  const database = await testDatabase();
  const [dump, rows] = [await database.dump(), await written(database)];
  expect(await call(['plan'], { url: database.url })).toMatchObject({ code: 0 });
  expect(await call(['up', '--dry-run', '--json'], { url: database.url })).toMatchObject({ code: 0 });
  expect(await written(database)).toEqual(rows);
  expect(await database.dump()).toBe(dump);
  // The counters would show it: so does a table that is made and rolled back.
  await database.query('BEGIN; CREATE TEMPORARY TABLE t (); ROLLBACK');
  expect(await written(database)).not.toEqual(rows);
});

test('a migration that reads what one before it makes: the plan says what to do instead', async () => {
  const { url } = await testDatabase({ base: false });
  const root = smallProject(['a'], {
    'migrations/0002_copy.ts': migration(
      `return pgm.db.select('SELECT id FROM a').then(() => pgm.createTable('b', { id: 'integer' }));`,
      `pgm.dropTable('b');`,
    ),
    'migrations/schema/0002_copy.json': {
      tables: { 'public.b': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
    },
  });
  const refused = (await call(['plan', '--json'], { url, root })).json() as { error: object };
  expect(refused).toMatchObject({ exitCode: 3, error: { code: 'server-error', sqlstate: '42P01' } });
  expect(refused.error).toHaveProperty('hint', expect.stringContaining('apply that one first:  npm run migrate up 1'));
  expect((await call(['up', '1'], { url, root })).code).toBe(0);
  expect((await call(['plan'], { url, root })).stdout).toContain('CREATE TABLE "b"');
});
