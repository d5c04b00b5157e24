import { expect, test } from 'vitest';
import { readConfiguration } from '../../scripts/database/configuration.js';
import { withConnection } from '../../scripts/database/connection.js';
import type { Context } from '../../scripts/runner/context.js';
import { withRunLock } from '../../scripts/runner/run-lock.js';
import type { Database } from '../support/database.js';
import { advisoryLocks, backends, blockedRun, eventually, rowsOf } from '../support/eventually.js';
import { migration, testProject } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';
import { HEAD, call } from './workflows.js';

/** A session that holds `workflow_executions` in a mode, until it is let go. */
async function tableHolder(database: Database, mode: string) {
  const session = await database.connect();
  await session.query(`BEGIN; LOCK TABLE workflow_executions IN ${mode} MODE`);
  return { release: () => session.query('COMMIT') };
}

/** Ends the session of a run that has this purpose, and waits until it is gone. */
async function terminate(database: Database, purpose: string): Promise<void> {
  await database.query(
    `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'migrate % ' || $1 || ' %'`,
    [purpose],
  );
  await eventually('its end', async () => (await backends(database, purpose)).length === 0);
}

/** Makes `VALIDATE CONSTRAINT` wait for the table `gate`. */
const holdAtValidation = `
  CREATE FUNCTION at_validation() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_query() LIKE '%VALIDATE CONSTRAINT%' THEN LOCK TABLE gate IN ACCESS SHARE MODE; END IF;
  END $$;
  CREATE EVENT TRIGGER at_validation ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION at_validation()`;

test('a run that loses its lock rolls back before it commits: exit 3, and nothing happened', async () => {
  const database = await testDatabase({ rows: true });
  const [dump, rows] = [await database.dump(), await rowsOf(database)];
  const { release } = await tableHolder(database, 'ACCESS SHARE');
  const run = call(['up', '--lock-timeout=60s', '--json'], { url: database.url });
  await blockedRun(database);
  await terminate(database, 'lock');
  await release();
  expect((await run).json()).toMatchObject({
    outcome: 'unavailable',
    exitCode: 3,
    version: null,
    applied: [],
    error: {
      code: 'run-lock-lost',
    },
  });
  expect(await database.dump()).toBe(dump);
  expect(await rowsOf(database)).toEqual(rows);
});

test('a run that loses its lock after a commit says where it stopped: exit 8; the next one goes on', async () => {
  const database = await testDatabase({ rows: true });
  // Another client's lock, taken as soon as 0003 is committed, keeps the run at 0004.
  await database.query('CREATE TABLE gate ()');
  await database.query(holdAtValidation);
  const gate = await database.connect();
  await gate.query('BEGIN; LOCK TABLE gate');
  const run = call(['up', '--json'], { url: database.url });
  await blockedRun(database);
  await terminate(database, 'lock');
  await gate.query('COMMIT');
  expect((await run).json()).toMatchObject({
    outcome: 'partial',
    exitCode: 8,
    version: '0003_link-workflow-executions',
    applied: [
      { name: '0001_create-workflow-templates' },
      { name: '0002_create-user-workflows' },
      { name: '0003_link-workflow-executions' },
    ],
    error: { code: 'partial' },
  });
  await database.query('DROP EVENT TRIGGER at_validation');
  expect((await call(['up', '--json'], { url: database.url })).json()).toMatchObject({
    exitCode: 0,
    version: HEAD,
  });
});

test.for(['COMMIT', 'ROLLBACK', 'COMMIT; BEGIN', 'ROLLBACK; BEGIN'])(
  'a lock whose transaction was ended by "%s" is not held any more, whatever the connection says',
  async (end) => {
    const { url } = await testDatabase({ base: false });
    const context = {
      configuration: readConfiguration('URL', { URL: url }),
      command: 'up',
      signal: new AbortController().signal,
      stuck: new Promise<never>(() => undefined),
      options: { connectWait: 0, lockWait: 0 },
      tell: () => undefined,
    };
    await withConnection(context, 'lock', (connection) =>
      withRunLock(connection, context as unknown as Context, async (lock) => {
        await lock.assertHeld();
        await connection.query(end);
        await expect(lock.assertHeld()).rejects.toMatchObject({
          outcome: 'unavailable',
          code: 'run-lock-lost',
        });
      }),
    );
  },
);

/** A project whose one migration has two steps outside a transaction. */
const twoSteps = () =>
  testProject({
    'migrations/0001_tables.ts': migration(
      `pgm.noTransaction(); pgm.sql('COMMENT ON TABLE gate IS NULL'); pgm.sql('CREATE TABLE IF NOT EXISTS second ()');`,
      `pgm.sql('DROP TABLE second');`,
    ),
    'migrations/schema/0001_tables.json': { 'public.second': { table: '' } },
  });

test('a run outside a transaction that has lost its lock sends no further step', async () => {
  const database = await testDatabase({ base: false });
  const root = twoSteps();
  await database.query('CREATE TABLE gate ()');
  const gate = await database.connect();
  await gate.query('BEGIN; LOCK TABLE gate');
  const run = call(['up', '--json'], { url: database.url, root });
  expect((await blockedRun(database)).query).toContain('COMMENT ON TABLE gate');
  await terminate(database, 'lock');
  await gate.query('COMMIT');
  expect((await run).json()).toMatchObject({ version: null, applied: [] });
  expect([3, 8]).toContain((await run).code);
  expect(await database.query("SELECT to_regclass('second') AS second")).toEqual([
    { second: null },
  ]);
  expect((await call(['up', '--json'], { url: database.url, root })).json()).toMatchObject({
    exitCode: 0,
    version: '0001_tables',
  });
});

test('a run whose own connection is ended is rolled back: exit 3, the lock is free, and the next one goes on', async () => {
  const database = await testDatabase({ rows: true });
  const dump = await database.dump();
  const { release } = await tableHolder(database, 'ACCESS SHARE');
  const run = call(['up', '--lock-timeout=60s', '--json'], { url: database.url });
  await blockedRun(database);
  await terminate(database, 'run');
  expect((await run).json()).toMatchObject({
    outcome: 'unavailable',
    exitCode: 3,
    version: null,
    error: { sqlstate: '57P01' },
  });
  await release();
  expect(await database.dump()).toBe(dump);
  expect(await advisoryLocks(database)).toEqual([]);
  expect((await call(['up', '--json'], { url: database.url })).json()).toMatchObject({
    exitCode: 0,
    version: HEAD,
  });
});
