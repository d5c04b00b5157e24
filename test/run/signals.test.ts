import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { RUN_LOCK_KEY } from '../../scripts/runner/run-lock.js';
import type { JsonReport } from '../support/call.js';
import type { Database } from '../support/database.js';
import { advisoryLocks, backends, blockedRun, eventually } from '../support/eventually.js';
import { sources, startProgram, type Result, type Running } from '../support/migrate.js';
import { testPooler } from './pgbouncer.js';
import { migration, testProject } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';
import { HEAD, call, start } from './workflows.js';

const PATIENT = '--lock-timeout=10min';
const endings = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

/** Keeps `workflow_executions` from every run, until the test has finished. */
async function tableHolder(database: Database) {
  const session = await database.connect();
  await session.query('BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE');
  return { release: () => session.query('COMMIT') };
}

/** As a shell gives it: npm ends itself with the signal that it was sent. */
const exitCode = ({ code, signal }: Result): number =>
  code ?? 128 + constants.signals[signal ?? 'SIGKILL'];

/** That the run has come to its end in order: said in one JSON object, cancelled on the server, and no lock left. */
async function expectInterrupted(
  database: Database,
  run: Running,
  signal: string,
  code: number,
  dump: string,
): Promise<void> {
  const result = await run.finished;
  expect(result.json() as JsonReport, result.stderr).toMatchObject({
    exitCode: code,
    version: null,
    applied: [],
    error: {
      code: 'interrupted',
      message: `stopped by ${signal}; what was not committed was rolled back, and the database is before the first migration`,
    },
  });
  expect(exitCode(result)).toBe(code);
  await eventually(
    'the end of all its sessions on the server, while the table is still held',
    async () => {
      const left = await backends(database);
      return left.length === 0;
    },
  );
  expect(await advisoryLocks(database)).toEqual([]);
  expect(await database.dump()).toBe(dump);
}

describe.each(endings)('%s', (signal, code) => {
  test('while a statement waits for a table', async () => {
    const database = await testDatabase({ rows: true });
    const dump = await database.dump();
    const { release } = await tableHolder(database);
    const run = start(['up', PATIENT, '--json'], { url: database.url });
    await blockedRun(database);
    run.child.kill(signal);
    await expectInterrupted(database, run, signal, code, dump);
    await release();
    expect((await call(['up', '--json'], { url: database.url })).json()).toMatchObject({
      exitCode: 0,
      version: HEAD,
    });
  });

  test('while somebody else has its name, as a pooled connection keeps it: their statement goes on', async () => {
    const database = await testDatabase();
    await tableHolder(database);
    const run = start(['up', PATIENT, '--json'], { url: database.url });
    const { name } = await blockedRun(database);
    const bystander = await database.connect();
    await bystander.query(`SET application_name = '${name}'`);
    const theirs = bystander.query('SELECT pg_sleep(3), true AS finished');
    run.child.kill(signal);
    expect((await run.finished).json()).toMatchObject({
      exitCode: code,
      error: { code: 'interrupted' },
    });
    expect((await theirs).rows).toMatchObject([{ finished: true }]);
  });

  test('while it waits for another run', async () => {
    const database = await testDatabase();
    const dump = await database.dump();
    const other = await database.connect();
    await other.query(`SELECT pg_advisory_lock(${RUN_LOCK_KEY})`);
    const run = start(['up', '--json'], { url: database.url });
    await run.printed('waiting for another run');
    run.child.kill(signal);
    expect((await run.finished).code).toBe(code);
    await other.query('SELECT pg_advisory_unlock_all()');
    await expectInterrupted(database, run, signal, code, dump);
  });

  test('while a look at the database waits for a table', async () => {
    const database = await testDatabase();
    const session = await database.connect();
    await session.query('BEGIN; LOCK TABLE workflow_executions IN ACCESS EXCLUSIVE MODE');
    const run = start(['up', PATIENT, '--json'], { url: database.url });
    await blockedRun(database, '%');
    run.child.kill(signal);
    const result = await run.finished;
    expect(result.json()).toMatchObject({ exitCode: code, applied: [] });
    expect(result.stderr).toContain(`stopped by ${signal}`);
    expect(result.code).toBe(code);
    await eventually(
      'the end of its sessions',
      async () => (await backends(database)).length === 0,
    );
  });

  test('while a migration waits for something of its own', async () => {
    const database = await testDatabase({ base: false });
    const dump = await database.dump();
    const root = testProject({
      'migrations/0001_wait.ts': migration(
        `console.error('it waits'); return new Promise((done) => setTimeout(done, 600_000));`,
        '',
      ),
      'migrations/schema/0001_wait.json': {},
    });
    const run = startProgram(process.execPath, [...sources, 'up', '--json'], {
      url: database.url,
      cwd: root,
    });
    await run.printed('it waits');
    run.child.kill(signal);
    await expectInterrupted(database, run, signal, code, dump);
  });

  test('through PgBouncer, with a pool that has no connection to spare', async (context) => {
    const database = await testDatabase({ rows: true });
    const dump = await database.dump();
    const pooler = await testPooler(context, database.url, { poolSize: 2 });
    await tableHolder(database);
    const run = start(['up', PATIENT, '--json'], { url: pooler.through(database.url) });
    await blockedRun(database);
    run.child.kill(signal);
    const result = await run.finished;
    expect(result.json()).toMatchObject({ exitCode: code, applied: [] });
    await eventually('a pool in which nothing waits and nothing is locked', async () => {
      const sessions = await backends(database);
      return (
        sessions.every(({ state }) => state === 'idle') &&
        (await advisoryLocks(database)).length === 0
      );
    });
    expect(await database.dump()).toBe(dump);
  });
});

const npmScript = ['run', '--silent', 'migrate', '--', 'up', PATIENT, '--json'];

/** Starts npm as the leader of a process group of its own, as an interactive shell does: `setsid` becomes what it starts. */
const startGroup = (url: string): Running => startProgram('setsid', ['npm', ...npmScript], { url });

describe.each(endings)('%s under npm', (signal, code) => {
  test('to npm alone, as a container sends it', async () => {
    const database = await testDatabase({ rows: true });
    const dump = await database.dump();
    await tableHolder(database);
    const run = startProgram('npm', npmScript, { url: database.url });
    await blockedRun(database);
    run.child.kill(signal);
    await expectInterrupted(database, run, signal, code, dump);
  });

  test('to the whole process group, as Ctrl-C in a terminal sends it', async () => {
    const database = await testDatabase({ rows: true });
    const dump = await database.dump();
    await tableHolder(database);
    const run = startGroup(database.url);
    await blockedRun(database);
    process.kill(-(run.child.pid ?? Number.NaN), signal);
    await expectInterrupted(database, run, signal, code, dump);
  });
});
