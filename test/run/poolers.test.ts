import pg from 'pg';
import { expect, test, type TestContext } from 'vitest';
import { advisoryLocks } from '../support/eventually.ts';
import { merged, setUp, sqlStep, step } from '../support/project.ts';
import { hold, ITEMS, setUpItems } from './items.ts';
import { keepBusy, testPooler } from './pgbouncer.ts';

/** The number of server connections in the pool. */
const SIZE = 3;

/** Reads everything that a run could leave behind in a session. */
const SESSION = `SELECT pg_backend_pid() AS pid, current_user AS role,
  (SELECT json_agg(name || '=' || setting ORDER BY name) FROM pg_settings
    WHERE context IN ('user', 'superuser') AND name !~ 'application_name|plpgsql') AS settings,
  (SELECT count(*)::int FROM pg_prepared_statements) AS prepared,
  (SELECT count(*)::int FROM pg_cursors) AS cursors,
  (SELECT count(*)::int FROM pg_class WHERE pg_my_temp_schema() = relnamespace) AS temporary`;

/** Sends `sql` to each of `free` server connections of a pool, by simultaneous transactions. */
async function sessionsOf(url: string, free = SIZE, sql = SESSION): Promise<unknown[]> {
  const clients = Array.from({ length: free }, () => new pg.Client({ connectionString: url }));
  const sendAll = (sql: string) =>
    Promise.all(clients.map((client) => client.query<{ pid: number }>(sql)));
  await Promise.all(clients.map((client) => client.connect()));
  await sendAll('BEGIN');
  const results = await sendAll(sql);
  await sendAll('COMMIT');
  await Promise.all(clients.map((client) => client.end()));
  const sessions = results.flatMap((result) => result.rows).sort((a, b) => a.pid - b.pid);
  expect(new Set(sessions.map(({ pid }) => pid)).size, 'one row of each session').toBe(free);
  return sessions;
}

async function setUpPooled(context: TestContext, files = ITEMS) {
  const project = await setUpItems(files);
  const pooler = await testPooler(context, project.database.url, { poolSize: SIZE });
  const url = pooler.through(project.database.url);
  const pooled = (line: string) => project.run(line, url);
  return { ...project, pooler, url, pooled, before: await sessionsOf(url) };
}

test('a run leaves nothing in the sessions of other clients', async (context) => {
  const { database, pooled, url, before } = await setUpPooled(context);
  const expectAsBefore = async (line: string, exitCode: number) => {
    expect([line, (await pooled(line)).exitCode]).toEqual([line, exitCode]);
    expect([line, await sessionsOf(url)]).toEqual([line, before]);
  };
  for (const line of ['up 2', 'up', 'check', 'plan down', 'down 9', 'status', 'redo'])
    await expectAsBefore(line, 0);
  const { pid, release } = await hold(database);
  await expectAsBefore('up --lock-timeout=50ms --retries=1', 4);
  const { error } = await pooled('up --retries=0');
  expect(error?.message).toContain(`blocked by:\n  pid ${pid}, "nightly report"`);
  await release();
  await database.query('CREATE TABLE tags (id text)');
  await expectAsBefore('up', 6);
  expect(await advisoryLocks(database)).toEqual([]);
});

test('a role that another client left in a session does not reach a run', async (context) => {
  const { pooled, url } = await setUpPooled(context);
  const setRole = "SELECT pg_backend_pid() AS pid, set_config('role', 'pg_monitor', false)";
  for (const line of ['up 2', 'status', 'plan', 'redo', 'down 2']) {
    await sessionsOf(url, SIZE, setRole);
    expect(await pooled(line)).toMatchObject({ exitCode: 0, error: null });
  }
});

/** SQL by which a migration changes its session. */
const changes = [
  `SELECT set_config('search_path', '', false); SET lock_timeout = '1s'`,
  `SET search_path TO nowhere; SET statement_timeout = '1s'`,
  'SET ROLE pg_monitor; SET row_security = off',
  'SET SESSION AUTHORIZATION pg_monitor',
  'SET session_replication_role = replica',
  'SET default_transaction_read_only = on; SET client_min_messages = error',
  'CREATE TEMP TABLE items (id integer)',
];

test('what a migration SETs does not reach other clients', async (context) => {
  const files = changes.map((sql, index) => sqlStep(`000${index + 4}_set`, {}, sql));
  const { pooled, url, before } = await setUpPooled(context, merged([ITEMS, ...files]));
  const application = await keepBusy(url, 'SELECT count(name) FROM items', SIZE + 1);
  for (const line of ['up', 'down 9', 'up 3', ...changes.map(() => 'up 1')])
    expect([line, (await pooled(line)).error]).toEqual([line, null]);
  expect(await application.stop()).toMatchObject({ errors: [] });
  expect(await sessionsOf(url)).toEqual(before);
});

test('behind a pooler, a run names who blocks it outside a transaction', async (context) => {
  const { database, start, pooled, url } = await setUpPooled(context);
  await pooled('up 2');
  const { pid, release } = await hold(database, 'BEGIN; INSERT INTO items VALUES (51)');
  const { printed, finished } = start('up', url);
  await printed(`blocked by:\n  pid ${pid}, "nightly report"`);
  await printed('index build, waiting for');
  await release();
  expect((await finished).json()).toMatchObject({ exitCode: 0, error: null });
});

const SET = 'SET ROLE pg_monitor; SET work_mem = 1000';
test.for([
  ['pooled-session', 1, `pgm.noTransaction(); await pgm.db.query('${SET}');`],
  [undefined, 2, `await pgm.db.query('${SET}'); pgm.noTransaction();`],
  ['left-transaction', 0, `pgm.sql('${SET}; COMMIT');`],
  ['left-transaction', 0, `pgm.sql('${SET}; COMMIT; BEGIN');`],
] as const)(
  'what a function SETs does not reach other clients: %s, %i, %s',
  async ([code, count, up], context) => {
    const files = { ...ITEMS, ...step('0002_note', {}, `${up} pgm.sql('SELECT 1');`) };
    const { pooled, url, before } = await setUpPooled(context, files);
    const report = await pooled('up 2');
    expect([report.error?.code, report.applied.length]).toEqual([code, count]);
    expect(await sessionsOf(url)).toEqual(before);
  },
);

test('what a migration SETs does not reach other clients while the migration goes on', async (context) => {
  const up = `await pgm.db.query('SET search_path = pg_catalog'); pgm.noTransaction();
    await pgm.db.query('SELECT 1'); await globalThis.inspect();`;
  const files = { ...ITEMS, ...step('0002_note', {}, up) };
  const { pooled, url, before } = await setUpPooled(context, files);
  let sessions: unknown[] = [];
  // The migration calls this function. The run lock occupies one server connection of the pool.
  const inspect = async () => {
    sessions = await sessionsOf(url, SIZE - 1);
  };
  Object.assign(globalThis, { inspect });
  expect((await pooled('up 2')).applied[0]?.name).toBe('0001_tags');
  expect(sessions).toHaveLength(SIZE - 1);
  expect(before).toEqual(expect.arrayContaining(sessions));
});

test('what a migration SETs before it fails does not reach other clients', async (context) => {
  const up = `pgm.sql('DO $$ BEGIN EXECUTE (SELECT sql FROM todo); END $$'); pgm.sql('SELECT 1 / 0');`;
  const files = { ...ITEMS, ...step('0003_index', {}, up) };
  const { database, pooled, url, before } = await setUpPooled(context, files);
  await database.query('CREATE TABLE todo (sql text)');
  for (const sql of changes) {
    await database.query('TRUNCATE todo');
    await database.query('INSERT INTO todo VALUES ($1)', [sql]);
    expect(await pooled('up')).toMatchObject({ exitCode: 5, error: { sqlstate: '22012' } });
    expect([sql, await sessionsOf(url)]).toEqual([sql, before]);
  }
});

test('the hint says that what a migration wrote before pgm.noTransaction() stays', async (context) => {
  const up = `await pgm.db.query('CREATE TABLE b (id integer)'); pgm.noTransaction();
    pgm.sql('SET work_mem = 1000');`;
  const { pooled } = await setUpPooled(context, step('0001_b', {}, up));
  const hint = expect.stringContaining('What ran outside a transaction stays.') as string;
  const error = { code: 'pooled-session', hint };
  expect(await pooled('up')).toMatchObject({ exitCode: 8, error });
});

test('behind a pooler, text keeps its characters if the database sets a client_encoding', async (context) => {
  const up = `CREATE TABLE b (v text DEFAULT 'Größe'); INSERT INTO b VALUES (DEFAULT)`;
  const effect = { 'public.b': { table: '', 'column v': "text NULL DEFAULT 'Größe'::text" } };
  const { run, database } = await setUp(sqlStep('0001_b', effect, up));
  await database.query(`ALTER DATABASE ${database.name} SET client_encoding = 'LATIN1'`);
  const pooler = await testPooler(context, database.url);
  expect(await run('up', pooler.through(database.url))).toMatchObject({ exitCode: 0 });
  expect(await database.query('SELECT v FROM b')).toEqual([{ v: 'Größe' }]);
});

test('a named prepared statement of a migration does not reach other clients', async (context) => {
  const text = `SELECT pg_sleep(0.01), $1::integer AS number`;
  const up = (begin: string) =>
    `${begin} const numbers = [];
     for (const number of [1, 2]) {
       const { rows } = await pgm.db.query({ name: 'own', text: '${text}', values: [number] });
       numbers.push(rows[0].number);
     }
     if (numbers.join() !== '1,2') throw new Error(numbers.join());`;
  const inside = step('0004_inside', {}, up(''));
  const outside = step('0005_outside', {}, up('pgm.noTransaction();'));
  const { pooled, url, before } = await setUpPooled(context, { ...ITEMS, ...inside, ...outside });
  const application = await keepBusy(url, 'SELECT 1', SIZE + 1);
  for (const line of ['up', 'redo 2', 'redo 2', 'plan down 2'])
    expect([line, (await pooled(line)).error]).toEqual([line, null]);
  expect(await application.stop()).toMatchObject({ errors: [] });
  expect(await sessionsOf(url)).toEqual(before);
});

test('the hint says why a pooler refuses a connection', async (context) => {
  const { pooler, database, run } = await setUpPooled(context);
  const change = async (property: 'password' | 'pathname' | 'search', value: string) => {
    const url = Object.assign(new URL(pooler.through(database.url)), { [property]: value }).href;
    const { exitCode, error } = await run('status', url);
    expect([exitCode, error?.code]).toEqual([3, 'not-connected']);
    return error?.hint;
  };
  expect(await change('password', 'wrong')).toContain('The password or the user is wrong');
  expect(await change('pathname', '/nowhere')).toContain('Correct the name of the database');
  expect(await change('search', '?options=-c%20work_mem%3D1MB')).toContain('PGOPTIONS');
  const full = await testPooler(context, database.url, { clients: 1 });
  const { exitCode, error } = await run('up', full.through(database.url));
  expect([exitCode, error?.code]).toEqual([3, 'not-connected']);
  expect(error?.hint).toContain('a run needs two');
});
