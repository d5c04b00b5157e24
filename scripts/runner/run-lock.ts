import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../database/connection.ts';
import { failure } from '../report/errors.ts';
import type { Session } from '../report/types.ts';
import type { AssertLock, Connected } from './context.ts';
import { noTimeouts } from './session-settings.ts';

/** The key of the run lock. The CLI of node-pg-migrate uses this key, too, so the two exclude each other. */
export const RUN_LOCK_KEY = '7241865325823964';

/**
 * SQL for {@link Session}s by their process ids. `pids` is SQL: a list of numbers, or a subquery. The first
 * statement sets search_path: otherwise, a function `format` of another role in public could run. So the
 * sessions are in the second result.
 */
export const sessionsQuery = (pids: string) => `
  SET LOCAL search_path = pg_catalog, pg_temp;
  SELECT pid, format(
    CASE WHEN backend_start IS NULL THEN 'pid %s, "%s" (a role in pg_read_all_stats sees more)'
      ELSE 'pid %s, "%s", from %s, for %s s, %s: %s' END,
    pid, application_name, coalesce(host(client_addr), 'local'),
    extract(epoch FROM now() - coalesce(xact_start, state_change, backend_start))::int, state,
    left(regexp_replace(query, '[[:space:]]+', ' ', 'g'), 120)) AS text
  FROM pg_stat_activity WHERE pid IN (${pids})`;

const tryLock = (connection: Connection) => `BEGIN ISOLATION LEVEL READ COMMITTED;
  SET LOCAL search_path = pg_catalog, pg_temp; ${noTimeouts(connection)}
  SELECT transaction_timestamp()::text AS began, pg_backend_pid() AS pid
  WHERE pg_try_advisory_xact_lock(${RUN_LOCK_KEY})`;
/** SQL for the id of the process that holds the run lock. `pg_locks` has a 64-bit key in two columns. */
const HOLDER_PID = `SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted
  AND (classid::bigint << 32 | objid::bigint) = ${RUN_LOCK_KEY}`;
const HOLDER = `${sessionsQuery(HOLDER_PID)} AND datname = current_database()`;
const NOBODY = { pid: '<pid>', text: 'it has just finished' };

/**
 * Runs `use` while it holds the run lock: only one process at a time may migrate a database.
 *
 * A transaction holds the lock. Behind a pooler, a session lock would stay in the session of the server. The
 * transaction has a connection of its own, because the transactions of the migrations end before the run.
 * `CREATE INDEX CONCURRENTLY` waits for transactions that hold a snapshot. This one holds none, because it is
 * READ COMMITTED and idle. A statement that waits for the lock would hold one, so the lock is polled instead.
 *
 * @throws Failure `locked`, with the session that holds the lock, after `--lock-wait`
 */
export async function withRunLock<T>(
  { connection, options, signal, tell }: Connected,
  use: (assertLock: AssertLock, isHeld: string) => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + options.lockWait * 1000;
  for (let attempt = 0; ; attempt++) {
    const results = await connection.query(tryLock(connection));
    // Without a row, another run has the lock.
    const lock = results.at(-1)?.rows[0] as Record<'began' | 'pid', string> | undefined;
    try {
      if (lock) {
        const isHeld = `${lock.pid} IN (${HOLDER_PID})`;
        return await use((query) => queryHeld(connection, lock.began, query), isHeld);
      }
    } finally {
      await connection.query('ROLLBACK').catch(() => undefined); // If the connection is lost, so is the lock.
    }
    const [, sessions] = await connection.query(HOLDER);
    const { pid, text } = (sessions?.rows[0] ?? NOBODY) as Session;
    if (Date.now() >= deadline) throw failure('run-lock', [options.lockWait, text, pid]);
    // Say who holds the lock: first after about half a second, and then every four seconds.
    if (attempt % 20 === 2) tell(`waiting for another run: ${text}`);
    await sleep(100 + Math.random() * 150, undefined, { signal });
  }
}

/** See {@link AssertLock}. `began` identifies the transaction that took the lock. */
async function queryHeld(connection: Connection, began: string, query = '') {
  const isHeld = `SELECT WHERE transaction_timestamp()::text = '${began}'`;
  const [held, answer] = await connection.query(`${isHeld}; ${query}`).catch((cause: unknown) => {
    throw failure('run-lock-lost', [], { cause });
  });
  if (held?.rowCount !== 1) throw failure('run-lock-lost', []);
  return (answer?.rows ?? []) as unknown[];
}
