import { expect } from 'vitest';
import type { JsonReport } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { advisoryLocks, blockedRun, eventually, settled } from '../support/eventually.ts';
import { filesIn, setUp, type Files } from '../support/project.ts';

/** The application's table, with rows. PostgreSQL must lock the table to print its CHECK constraint. */
export const BASE = `CREATE TABLE items (id integer PRIMARY KEY, name text CHECK (name <> ''));
  INSERT INTO items SELECT i, 'item ' || i FROM generate_series(1, 50) i`;

/** Three migrations: `0001` and `0002` run in one transaction, `0003` runs outside a transaction. */
export const ITEMS = filesIn('run/items.txt');
export const LAST = '0003_index';

/** {@link setUp} with {@link ITEMS}, or other files. */
export const setUpItems = (files: Files = ITEMS, server?: { readonly url: string }) =>
  setUp(files, BASE, server);

/** Opens another session, and sends `sql`, which may begin a transaction. `release` ends it, and all locks. */
export async function hold(database: Database, sql = HOLD_ITEMS) {
  const session = await database.connect();
  await session.query(`SET application_name = 'nightly report'; ${sql}`);
  const { rows: own } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const release = () => session.query('COMMIT; SELECT pg_advisory_unlock_all()');
  return { session, pid: Number(own[0]?.pid), release };
}
export const HOLD_ITEMS = 'BEGIN; LOCK TABLE items IN ACCESS SHARE MODE';
const HOLD_TAGS = 'BEGIN; LOCK TABLE tags IN ACCESS SHARE MODE';

/** The option of a run that waits for a table lock until the other session releases it. */
export const LONG_WAIT = '--lock-timeout=10min';

/** Lets another session {@link hold} what `sql` locks, begins a run, and waits until the session blocks it. */
export async function blockRun<T>(
  database: Database,
  sql: string | undefined,
  begin: () => T,
  purpose = 'run',
) {
  const other = await hold(database, sql);
  const running = begin();
  return { ...other, running, blocked: await blockedRun(database, purpose) };
}

/**
 * Places where a run waits for a lock or a snapshot of another session: the command, what the other session
 * sends, and the version that is committed by then.
 */
export const places = [
  ['in the transaction of up', 'up', HOLD_ITEMS, null],
  ['in a concurrent build', 'up', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1', '0002_note'],
  ['in a concurrent drop', 'down 9', HOLD_ITEMS, LAST],
  ['in the transaction of down', 'down 9', HOLD_TAGS, '0002_note'],
] as const;

type Run = (line: string) => Promise<JsonReport>;

/**
 * Expects what must be true after a run, however it ended: no lock is left, the schema is that of a version
 * (except the index that is built and dropped outside a transaction), and the same command succeeds.
 */
export async function expectRecovery(database: Database, run: Run, line: string): Promise<void> {
  await settled(database);
  await eventually('no advisory locks', async () => (await advisoryLocks(database)).length === 0);
  const { version, differences } = await run('check');
  const unfinished = version === LAST ? /^index public\.items_name$/ : /^$/;
  expect(differences.filter(({ object }) => !unfinished.test(object))).toEqual([]);
  const target = line.startsWith('up') ? LAST : null;
  expect(await run(line)).toMatchObject({ exitCode: 0, version: target, error: null });
  expect(await run('check --strict')).toMatchObject({ exitCode: 0, version: target });
  expect(await database.query('SELECT FROM public.items')).toHaveLength(50);
}
