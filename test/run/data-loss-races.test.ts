import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migratedDatabase, workflows } from './data-loss.js';
import type { Database } from '../support/database.js';
import { migration } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

/** Waits until `count` sessions of this database wait for a lock of this type. */
const untilWaiting = (database: Database, locktype: 'relation' | 'advisory', count: number) =>
  expect
    .poll(
      () =>
        database.query(
          `SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
           WHERE a.datname = current_database() AND l.locktype = '${locktype}' AND NOT l.granted`,
        ),
      { timeout: 30_000 },
    )
    .toHaveLength(count);

test.each([
  ['COMMIT', 7, 1],
  ['ROLLBACK', 0, 0],
])(
  'a row that another session has inserted and not committed is waited for: %s ends in exit %i',
  async (end, exitCode, rows) => {
    const database = await migratedDatabase();
    const writer = await database.connect();
    await writer.query(`BEGIN; ${workflows(1)}`);
    const run = call(['down', '9', '--json', '--lock-timeout=60s'], { url: database.url });
    await untilWaiting(database, 'relation', 1);
    await writer.query(end);
    expect((await run).json()).toMatchObject({ exitCode });
    if (rows > 0) expect(await database.query('SELECT FROM user_workflows')).toHaveLength(rows);
    else await expect(database.query('SELECT FROM user_workflows')).rejects.toMatchObject({ code: '42P01' });
  },
);

test('no row slips in between the look and the drop: it waits, and finds no table', async () => {
  const database = await testDatabase({ base: false });
  const root = smallProject(['a'], {
    'migrations/0001_a.ts': migration(
      `pgm.createTable('a', { id: 'integer' });`,
      `pgm.sql('SELECT pg_advisory_xact_lock(4711)'); pgm.dropTable('a');`,
    ),
  });
  const { url } = database;
  expect((await call(['up'], { url, root })).code).toBe(0);
  const [gate, writer] = await Promise.all([database.connect(), database.connect()]);
  await gate.query('SELECT pg_advisory_lock(4711)');
  const run = call(['down', '--json'], { url, root });
  await untilWaiting(database, 'advisory', 1);
  const insert = writer.query('INSERT INTO a VALUES (1)').then(
    () => 'a row was inserted, and lost',
    (error: unknown) => (error as { code: string }).code,
  );
  await Promise.race([untilWaiting(database, 'relation', 1), insert]);
  await gate.query('SELECT pg_advisory_unlock(4711)');
  expect((await run).json()).toMatchObject({ outcome: 'reverted', exitCode: 0 });
  expect(await insert).toBe('42P01');
});

test('a policy that hides the rows from the role does not hide them from the guard', async () => {
  const database = await testDatabase({ base: false });
  const root = smallProject(['a']);
  const role = `owner_${database.name}`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT CREATE, USAGE ON SCHEMA public TO ${role}`);
  try {
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'x'];
    expect((await call(['up'], { url: url.href, root })).code).toBe(0);
    await database.query(`INSERT INTO a VALUES (1); ALTER TABLE a ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      CREATE POLICY none ON a USING (false)`);
    const before = await database.dump({ rows: true });
    const report = (await call(['down', '--json'], { url: url.href, root })).json();
    expect(report).toMatchObject({ reverted: [], error: { sqlstate: '42501' } });
    expect(report.error?.message).toContain('row-level security');
    expect(await database.dump({ rows: true })).toBe(before);
  } finally {
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});
