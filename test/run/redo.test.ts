import { expect, test } from 'vitest';
import { RUN_LOCK_KEY } from '../../scripts/runner/run-lock.js';
import { call } from '../support/call.js';
import type { Database } from '../support/database.js';
import { advisoryLocks, blockedRun, eventually } from '../support/eventually.js';
import { plainRole } from '../support/plain-role.js';
import { migration, type Files } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

/** Two small migrations; in the way down, the second does more, in SQL, which the effects do not speak of. */
async function migrated(more: (database: Database) => string): Promise<{ database: Database; root: string }> {
  const database = await testDatabase({ base: false });
  const files: Files = {
    'migrations/0002_b.ts': migration(
      `pgm.createTable('b', { id: 'integer' });`,
      `pgm.dropTable('b'); pgm.sql(${JSON.stringify(more(database))});`,
    ),
  };
  const root = smallProject(['a', 'b'], files);
  expect((await call(['up'], { root, url: database.url })).code).toBe(0);
  return { database, root };
}

const HALFWAY = {
  outcome: 'partial',
  exitCode: 8,
  version: '0001_a',
  applied: [],
  reverted: [{ name: '0002_b' }],
  pending: ['0002_b'],
};

test('what stands in the way after the way down is committed: told as partial, and how to go on', async () => {
  const { database, root } = await migrated(
    ({ name }) => `ALTER DATABASE ${name} SET default_transaction_read_only = on`,
  );
  const report = (await call(['redo', '--json'], { root, url: database.url })).json();
  expect(report).toMatchObject({ ...HALFWAY, error: { code: 'partial' } });
  expect(report.error?.message).toMatch(/is not ready:\n {2}- transactions of role .* are read-only here/);
  expect(report.error?.message).not.toContain('nothing was');
  expect(report.error?.hint).toContain('Then go on from there:  npm run migrate up');
});

test('a run lock that another run took in between: the same', async () => {
  const { database, root } = await migrated(() => 'SELECT');
  const [reader, other] = [await database.connect(), await database.connect()];
  await reader.query('BEGIN; LOCK TABLE b IN ACCESS SHARE MODE');
  const running = call(['redo', '--json', '--lock-wait=0', '--lock-timeout=10min'], { root, url: database.url });
  await blockedRun(database);
  const taking = other.query(`SELECT pg_advisory_lock(${RUN_LOCK_KEY})`);
  await eventually(
    'a session that waits for the run lock',
    async () => (await advisoryLocks(database, false)).length === 1,
  );
  await reader.query('COMMIT');
  const report = (await running).json();
  await taking;
  expect(report).toMatchObject({ ...HALFWAY, error: { code: 'partial' } });
  expect(report.error?.message).toContain('another run holds the run lock');
});

test('a role that could not make anew what it may drop: refused before anything is reverted', async () => {
  const database = await testDatabase({ base: false });
  const root = smallProject(['a', 'b']);
  const { name: role, url } = await plainRole(database);
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${role}`);
  expect((await call(['up'], { root, url })).code).toBe(0);
  await database.query(`REVOKE CREATE ON SCHEMA public FROM ${role}`);
  const report = (await call(['redo', '--json'], { root, url })).json();
  expect(report).toMatchObject({ exitCode: 3, reverted: [], version: '0002_b', error: { code: 'obstacles' } });
  expect(report.error?.hint).toContain(`GRANT USAGE, CREATE ON SCHEMA public TO ${role};`);
  expect((await call(['down', '--json'], { root, url })).json()).toMatchObject({ exitCode: 0, version: '0001_a' });
});
