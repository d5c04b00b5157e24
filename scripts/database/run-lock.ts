import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../errors.js';
import type { Event, Session } from '../report/events.js';
import type { Connection } from './connection.js';
import { IS_MARKED, MARK } from './statements.js';

/** The key that node-pg-migrate's own CLI locks (its `PG_MIGRATE_LOCK_ID`): it and this program exclude each other. */
export const RUN_LOCK_KEY = '7241865325823964';

/** The run lock, while it is held. */
export interface RunLock {
  /** @throws Failure `unavailable` when the lock's connection is lost, and the lock with it. */
  assertHeld(): Promise<void>;
}

export interface RunLockOptions {
  /** Seconds to wait for another run. */
  readonly wait: number;
  readonly signal: AbortSignal;
  /** Told now and then who holds it. */
  readonly emit: (event: Event) => void;
}

/** A {@link Session} as JSON, of a row of `pg_stat_activity`. */
export const session = (a: string): string => `json_build_object('pid', ${a}.pid, 'application', ${a}.application_name,
    'client', coalesce(host(${a}.client_addr), 'local'), 'state', coalesce(${a}.state, ''),
    'age', extract(epoch FROM now() - coalesce(${a}.xact_start, ${a}.state_change, ${a}.backend_start))::int,
    'query', left(regexp_replace(coalesce(${a}.query, ''), '\\s+', ' ', 'g'), 120))`;

/** Timeouts that would end a transaction which only waits. Those that this server does not know are left out. */
const NO_TIMEOUTS = `SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings WHERE name IN
  ('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout', 'lock_timeout')`;
// Said, and not left to what is set for the role or the database: at another level it has a snapshot.
const TRY = `BEGIN ISOLATION LEVEL READ COMMITTED; ${MARK} ${NO_TIMEOUTS}; SELECT pg_try_advisory_xact_lock(${RUN_LOCK_KEY}) AS held`;
/** The run lock for a script: until the end of its transaction, or an exception. */
export const lockStatement = `DO $$ BEGIN
  IF NOT pg_try_advisory_xact_lock(${RUN_LOCK_KEY}) THEN RAISE EXCEPTION 'another run holds the run lock'; END IF;
END $$;`;
const HOLDER = `SELECT ${session('a')} AS holder
  FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND (l.classid::bigint << 32 | l.objid::bigint) = ${RUN_LOCK_KEY}
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) LIMIT 1`;

/**
 * Runs `use` while this process alone may migrate the database, and lets go afterwards, also when `use` throws.
 *
 * The lock lives in a transaction of its own connection: it holds behind a transaction-mode pooler, where a session lock
 * would stay behind on somebody else's server connection. At READ COMMITTED and idle it has no snapshot, so that
 * `CREATE INDEX CONCURRENTLY` does not wait for it; that is why nothing is asked on it while `use` works outside a
 * transaction. Waiting is polling, in transactions that end, for the same reason.
 *
 * @throws Failure `locked` when the lock could not be had within `wait` seconds; it names the holder
 */
export async function withRunLock<T>(
  connection: Connection,
  options: RunLockOptions,
  use: (lock: RunLock) => Promise<T>,
): Promise<T> {
  await acquire(connection, options);
  try {
    return await use({ assertHeld: () => assertHeld(connection) });
  } finally {
    await connection.query('ROLLBACK').catch(() => undefined); // Lost with its connection: then it is free as well.
  }
}

async function acquire(connection: Connection, { wait, signal, emit }: RunLockOptions): Promise<void> {
  const started = Date.now();
  const deadline = started + wait * 1000;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const held = (await connection.query(TRY)).at(-1)?.rows[0] as { held: boolean };
    if (held.held) return;
    await connection.query('ROLLBACK');
    const isLast = Date.now() >= deadline;
    if (isLast || attempt % 20 === 2) {
      const [found] = (await connection.query(HOLDER))[0]?.rows as { holder: Session }[];
      const holder = found?.holder;
      if (isLast) throw failure('locked', 'run-lock', [wait, holder]);
      emit({ type: 'waiting', holder });
    }
    const pause = Math.min(100 + Math.random() * 150, Math.max(deadline - Date.now(), 1));
    await sleep(pause, undefined, { signal });
  }
}

/** The lock ends with its transaction and not before, so it is held where that is the same. */
async function assertHeld(connection: Connection): Promise<void> {
  const [result] = await connection.query(`SELECT ${IS_MARKED} AS held`).catch((cause: unknown) => {
    throw failure('unavailable', 'run-lock-lost', [], { cause });
  });
  if (!(result?.rows[0] as { held: boolean }).held) throw failure('unavailable', 'run-lock-lost', []);
}
