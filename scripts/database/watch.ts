import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { millisecondsOf } from '../cli/options.js';
import type { Event, Session, StepProgress } from '../report/events.js';
import type { Address } from './address.js';
import { connectionName, withConnection, type Connection } from './connection.js';
import { session } from './run-lock.js';

/** An eye on the statements of a run, from a connection of its own that is only opened when it is needed. */
export interface Watch {
  /** Awaits a statement; looks what it waits for, and how far it is, when it takes long. */
  during<T>(statement: Promise<T>): Promise<T>;
  /** Who was last seen in the way. */
  blockers(): readonly Session[];
}

/** Milliseconds until a statement counts as long; sooner where it may not wait for as long. */
const FIRST_LOOK = 700;
const NEXT_LOOK = 800;

const LOOK = (names: string) => `SELECT
  (SELECT json_agg(${session('b')})
    FROM pg_catalog.pg_stat_activity w, unnest(pg_blocking_pids(w.pid)) AS p(pid), pg_catalog.pg_stat_activity b
    WHERE w.application_name IN (${names}) AND b.pid = p.pid) AS blockers,
  (SELECT json_build_object('phase', i.phase, 'done', greatest(i.blocks_done, i.tuples_done),
      'total', greatest(i.blocks_total, i.tuples_total))
    FROM pg_catalog.pg_stat_activity w JOIN pg_catalog.pg_stat_progress_create_index i ON i.pid = w.pid
    WHERE w.application_name IN (${names}) LIMIT 1) AS progress`;

/** Runs `use` with a {@link Watch} on this process's run connection, and closes its connection afterwards. */
export async function withWatch<T>(
  address: Address,
  command: string,
  lockTimeout: string,
  emit: (event: Event) => void,
  use: (watch: Watch) => Promise<T>,
): Promise<T> {
  const name = pg.escapeLiteral(connectionName('run', command));
  const lockName = pg.escapeLiteral(connectionName('lock', command));
  const firstLook = Math.min(FIRST_LOOK, millisecondsOf(lockTimeout) / 3 || FIRST_LOOK);
  const closing = new AbortController();
  let blockers: readonly Session[] = [];
  let current: Promise<void> | undefined;
  /** One look, on a connection that is kept while looks follow each other. */
  const look = async (connection: Connection) => {
    const row = (await connection.query(LOOK(`${name}, ${lockName}`)))[0]?.rows[0] as {
      blockers: Session[] | null;
      progress: StepProgress | null;
    };
    if (row.blockers !== null) {
      const isNew = row.blockers.some(({ pid }) => !blockers.some((known) => known.pid === pid));
      blockers = row.blockers;
      if (isNew) emit({ type: 'blocked', blockers });
    }
    if (row.progress !== null) emit({ type: 'progress', progress: row.progress });
  };
  const watching = async (done: AbortSignal) => {
    const next = () => sleep(NEXT_LOOK, true, { signal: done }).catch(() => false);
    await withConnection(address, { purpose: 'watch', command, signal: closing.signal }, async (connection) => {
      do await look(connection);
      while (await next());
    });
  };
  const watch: Watch = {
    async during(statement) {
      let done: AbortController | undefined;
      const timer = setTimeout(() => {
        const { signal } = (done = new AbortController());
        // One after the other: on a busy machine a statement may be over before its watch is connected, and the next one as well.
        const next = async () => (signal.aborted ? undefined : watching(signal));
        // What cannot be watched runs all the same: a watch that fails is no reason to fail a migration.
        current = (current ?? Promise.resolve()).then(next).catch(() => undefined);
      }, firstLook);
      try {
        return await statement;
      } finally {
        clearTimeout(timer);
        done?.abort();
      }
    },
    blockers: () => blockers,
  };
  try {
    return await use(watch);
  } finally {
    closing.abort();
    await current;
  }
}
