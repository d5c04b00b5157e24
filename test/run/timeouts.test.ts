import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RUN_LOCK_KEY } from '../../scripts/runner/run-lock.js';
import { major } from '../check/cases.js';
import type { Database } from '../support/database.js';
import { advisoryLocks, backends, eventually } from '../support/eventually.js';
import { migration, testProject } from '../support/project.js';
import { makesTable } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { call } from './workflows.js';
import { testAll } from '../support/everything.js';

/** Longer than what the program itself asks takes on a busy machine. */
const LIMIT = '2500ms';
const LONGER = 6;

const idle = ['idle_in_transaction_session_timeout', 'idle_session_timeout', 'lock_timeout'];
const all = (): string[] => [
  ...idle,
  'statement_timeout',
  ...(major() >= 17 ? ['transaction_timeout'] : []),
];

/** A role of the test with these timeouts, set on the role itself or on the database. Gives the URL. */
async function limited(
  database: Database,
  where: 'role' | 'database',
  timeouts: readonly string[],
): Promise<string> {
  const role = `limited_${randomBytes(4).toString('hex')}`;
  await database.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'of-the-test'`);
  onTestFinished(async () => {
    await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });
  const target = where === 'role' ? `ROLE ${role}` : `DATABASE ${database.name}`;
  await database.query(
    timeouts.map((name) => `ALTER ${target} SET ${name} = '${LIMIT}'`).join('; '),
  );
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'of-the-test'];
  return url.href;
}

/** `0001_a` is quick; `0002_b` takes longer than any of the timeouts, in the transaction of the run or outside. */
const slowProject = (where: 'inside' | 'outside', seconds = LONGER) =>
  testProject({
    ...makesTable('0001', 'a'),
    ...makesTable('0002', 'b'),
    'migrations/0002_b.ts': migration(
      `${where === 'outside' ? 'pgm.noTransaction();' : ''} pgm.sql('SELECT pg_sleep(${seconds})');
       pgm.createTable('b', { id: 'integer' }, { ifNotExists: true });`,
      `pgm.dropTable('b');`,
    ),
  });

/** Waits until a run holds the lock, on a connection that has been idle for longer than the timeouts. */
const heldForLong = (database: Database) =>
  eventually('a run lock that is held for longer than the timeout', async () => {
    const [old] = await database.query<{ pid: number }>(`SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'migrate up lock %'
        AND clock_timestamp() - xact_start > interval '${LIMIT}' * 1.5 AND state = 'idle in transaction'`);
    return old !== undefined && (await advisoryLocks(database)).some(({ pid }) => pid === old.pid);
  });

describe.each(testAll ? (['role', 'database'] as const) : (['role'] as const))(
  'with every timeout of the server set on the %s',
  (where) => {
    test('a migration in the transaction may take longer, and the lock is held all the while', async () => {
      const database = await testDatabase({ base: false });
      const url = await limited(database, where, all());
      const run = call(['up', '--json'], { url, root: slowProject('inside') });
      await heldForLong(database);
      expect((await run).json()).toMatchObject({
        outcome: 'applied',
        exitCode: 0,
        version: '0002_b',
      });
    });

    test('a run may wait longer for another run', async () => {
      const database = await testDatabase({ base: false });
      const other = await database.connect();
      await other.query(`SELECT pg_advisory_lock(${RUN_LOCK_KEY})`);
      const url = await limited(database, where, all());
      const run = call(['up', '--json'], { url, root: slowProject('inside', 0) });
      await eventually('a run that has waited for longer than the timeout', async () => {
        const old =
          await database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND application_name LIKE 'migrate up lock %' AND clock_timestamp() - backend_start > interval '${LIMIT}' * 2`);
        return old.length === 1;
      });
      await other.query('SELECT pg_advisory_unlock_all()');
      expect((await run).json()).toMatchObject({
        outcome: 'applied',
        exitCode: 0,
        version: '0002_b',
      });
    });

    test('a migration outside the transaction may take longer than what limits locks and idle sessions', async () => {
      const database = await testDatabase({ base: false });
      const url = await limited(database, where, idle);
      const run = call(['up', '--json'], { url, root: slowProject('outside') });
      await heldForLong(database);
      expect((await run).json()).toMatchObject({
        outcome: 'applied',
        exitCode: 0,
        version: '0002_b',
      });
    });

    // Nothing may be set on a session, and there is no transaction in which it could be set.
    test.each([
      ['statement_timeout', '57014'],
      ['transaction_timeout', '25P04'],
    ])(
      'what limits a statement ends one outside the transaction: %s',
      async (timeout, sqlstate) => {
        if (!all().includes(timeout)) return;
        const database = await testDatabase({ base: false });
        const url = await limited(database, where, [timeout]);
        const root = slowProject('outside', 60);
        const report = (await call(['up', '--json'], { url, root })).json();
        expect(report).toMatchObject({
          outcome: 'partial',
          exitCode: 8,
          version: '0001_a',
          error: { sqlstate },
        });
        await eventually(
          'the end of its sessions',
          async () => (await backends(database)).length === 0,
        );
        expect(await advisoryLocks(database)).toEqual([]);
        expect((await call(['check', '--strict'], { url, root })).code).toBe(0);
      },
    );
  },
);

// The server knows nothing of it: whoever gives up on a COMMIT by it cannot say what became of it.
test('what limits the queries of the application, in the URL, does not limit a migration', async () => {
  const { url } = await testDatabase({ base: false });
  const run = await call(['up', '--json'], {
    url: `${url}?query_timeout=500`,
    root: slowProject('inside', 1),
  });
  expect(run.json()).toMatchObject({ outcome: 'applied', exitCode: 0, version: '0002_b' });
});
