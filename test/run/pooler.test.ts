import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import type { JsonReport } from '../support/call.js';
import type { Database } from '../support/database.js';
import { advisoryLocks, eventually } from '../support/eventually.js';
import { testPooler, type Pooler } from './pgbouncer.js';
import { testDatabase } from '../support/test-database.js';
import { call, start } from './workflows.js';

const REAL_RUNS = 8;
const RUNS = 32;
const MIGRATIONS = 5;

/** Clients of the application that keep a pool busy until the test has finished. Gives how many statements they ran. */
function keepBusy(url: string, clients: number): { readonly statements: () => number } {
  let isOver = false;
  let statements = 0;
  const work = async () => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    while (!isOver) {
      await client.query('BEGIN');
      await client.query('SELECT count(*) FROM users');
      await client.query('COMMIT');
      statements += 3;
      await pause(1);
    }
    await client.end();
  };
  const working = Array.from({ length: clients }, work);
  onTestFinished(async () => {
    isOver = true;
    await Promise.allSettled(working);
  });
  return { statements: () => statements };
}

/** Starts all runs at once: processes as a deploy starts them, and as many more in this process as make 32. */
async function migrateTogether(url: string): Promise<JsonReport[]> {
  const processes = Array.from(
    { length: REAL_RUNS },
    () => start(['up', '--json'], { url }).finished,
  );
  const calls = Array.from({ length: RUNS - REAL_RUNS }, () => call(['up', '--json'], { url }));
  const results = await Promise.all<{ json: () => unknown }>([...processes, ...calls]);
  return results.map((result) => result.json() as JsonReport);
}

/** That all runs succeeded, one after the other, and nothing was done twice or is left over. */
async function expectOneOfEach(database: Database, reports: readonly JsonReport[]): Promise<void> {
  expect(reports.filter(({ exitCode }) => exitCode !== 0)).toEqual([]);
  expect(reports.flatMap(({ applied }) => applied)).toHaveLength(MIGRATIONS);
  expect(reports.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
  const names = await database.query<{ name: string }>('SELECT name FROM pgmigrations ORDER BY id');
  expect(names).toHaveLength(MIGRATIONS);
  expect(new Set(names.map(({ name }) => name))).toHaveProperty('size', MIGRATIONS);
  expect(await advisoryLocks(database)).toEqual([]);
  expect((await call(['check', '--strict'], { url: database.url })).code).toBe(0);
}

test(
  '32 runs at once, directly: all succeed, and each migration is applied once',
  { timeout: 180_000 },
  async () => {
    const database = await testDatabase({ rows: true });
    await expectOneOfEach(database, await migrateTogether(database.url));
  },
);

test(
  '32 runs at once, through a busy PgBouncer: the same',
  { timeout: 180_000 },
  async (context) => {
    const database = await testDatabase({ rows: true });
    const pooler = await testPooler(context, database.url, { poolSize: 6 });
    const url = pooler.through(database.url);
    const busy = keepBusy(url, 12);
    await eventually('clients at work', () => Promise.resolve(busy.statements() > 100));
    const before = busy.statements();
    await expectOneOfEach(database, await migrateTogether(url));
    expect(busy.statements(), 'the application went on meanwhile').toBeGreaterThan(before);
  },
);

/** What a run could leave behind in the session of a pooled server connection. */
const SESSION = `SELECT current_setting('search_path') AS search_path, current_setting('lock_timeout') AS lock_timeout,
  current_setting('statement_timeout') AS statement_timeout, current_setting('row_security') AS row_security,
  current_setting('idle_in_transaction_session_timeout') AS idle_timeout,
  current_setting('default_transaction_isolation') AS isolation, current_setting('default_transaction_read_only') AS read_only,
  current_setting('quote_all_identifiers') AS quotes, current_setting('client_min_messages') AS messages,
  (SELECT count(*)::int FROM pg_prepared_statements) AS prepared, (SELECT count(*)::int FROM pg_cursors) AS cursors,
  (SELECT count(*)::int FROM pg_listening_channels()) AS channels`;

/** What each server connection of a pool says of its session, by asking on all of them at the same time. */
async function sessionsOf(
  pooler: Pooler,
  database: Database,
  size: number,
): Promise<Map<number, unknown>> {
  const clients = Array.from(
    { length: size },
    () => new pg.Client({ connectionString: pooler.through(database.url) }),
  );
  await Promise.all(clients.map((client) => client.connect()));
  try {
    await Promise.all(clients.map((client) => client.query('BEGIN')));
    const answers = clients.map(async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pg_backend_pid() AS pid, s.* FROM (${SESSION}) s`,
      );
      return rows.map(({ pid, ...session }) => [pid, session] as const);
    });
    return new Map((await Promise.all(answers)).flat());
  } finally {
    await Promise.all(clients.map((client) => client.query('COMMIT').finally(() => client.end())));
  }
}

const everyKindOfRun: readonly (readonly [what: string, argv: readonly string[], code: number])[] =
  [
    ['applies', ['up', '4'], 0],
    ['checks', ['check'], 0],
    ['plans', ['plan', 'down'], 0],
    ['goes all the way back', ['down', '9', '--allow-data-loss'], 0],
    ['tells its status', ['status'], 0],
  ];

test('other clients of the pool find their sessions as they were, whatever a run did in them', async (context) => {
  const size = 4;
  const database = await testDatabase({ rows: true });
  const pooler = await testPooler(context, database.url, { poolSize: size });
  const before = await sessionsOf(pooler, database, size);
  expect(before.size, 'a look at every server connection').toBe(size);
  for (const [what, argv, code] of everyKindOfRun) {
    expect(
      (await call(argv, { url: pooler.through(database.url) })).code,
      `a run that ${what}`,
    ).toBe(code);
    expect(await sessionsOf(pooler, database, size), `after a run that ${what}`).toEqual(before);
  }
  expect(await advisoryLocks(database)).toEqual([]);
});

test('a run that fails leaves nothing in the sessions of the pool either', async (context) => {
  const size = 4;
  const database = await testDatabase({ rows: true });
  const pooler = await testPooler(context, database.url, { poolSize: size });
  const before = await sessionsOf(pooler, database, size);
  await database.query('CREATE TABLE user_workflows (id uuid PRIMARY KEY, template_id uuid)');
  expect((await call(['up'], { url: pooler.through(database.url) })).code).toBe(6);
  const blocker = await database.connect();
  await blocker.query('BEGIN; DROP TABLE user_workflows; LOCK TABLE workflow_executions');
  const refused = await call(['up', '--lock-timeout=50ms', '--retries=1'], {
    url: pooler.through(database.url),
  });
  expect(refused.code).toBe(4);
  expect(await sessionsOf(pooler, database, size)).toEqual(before);
  expect(await advisoryLocks(database)).toEqual([]);
});
