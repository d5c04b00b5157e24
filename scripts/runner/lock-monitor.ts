import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectionName, withConnection, type Connection } from '../database/connection.js';
import type { Session } from '../report/types.js';
import type { Context } from './context.js';
import { sessionJson } from './run-lock.js';

/** Reports what a long statement waits for, and the progress of an index build. */
export interface LockMonitor {
  /** Waits for a statement; when it takes long, asks the server about it now and then, on another connection. */
  during<T>(statement: Promise<T>): Promise<T>;
  /** Sessions that were last seen to block a statement of this run. */
  blockers(): readonly Session[];
}

/** Milliseconds until the first question, or a third of `--lock-timeout` if that is less; then between two questions. */
const FIRST = 700;
const NEXT = 800;

/** Progress as `pg_stat_progress_create_index` says it (manual, 27.4.4). */
const activity = (names: string): string => `SELECT
  (SELECT json_agg(${sessionJson('b')})
    FROM pg_catalog.pg_stat_activity w, unnest(pg_blocking_pids(w.pid)) AS p(pid), pg_catalog.pg_stat_activity b
    WHERE w.application_name IN (${names}) AND b.pid = p.pid) AS blockers,
  (SELECT json_build_object('phase', i.phase, 'done', greatest(i.blocks_done, i.tuples_done), 'total', greatest(i.blocks_total, i.tuples_total))
    FROM pg_catalog.pg_stat_activity w JOIN pg_catalog.pg_stat_progress_create_index i ON i.pid = w.pid
    WHERE w.application_name IN (${names}) LIMIT 1) AS progress`;

interface Activity {
  readonly blockers: readonly Session[] | null;
  readonly progress: {
    readonly phase: string;
    readonly done: number;
    readonly total: number;
  } | null;
}

/** Runs `use` with a monitor of the connections of this process, and closes the connection of the monitor afterwards. */
export async function withLockMonitor<T>(
  context: Context,
  use: (monitor: LockMonitor) => Promise<T>,
): Promise<T> {
  const { command, configuration, emit } = context;
  const query = activity(
    (['run', 'lock'] as const)
      .map((purpose) => pg.escapeLiteral(connectionName(purpose, command)))
      .join(', '),
  );
  const first = Math.min(FIRST, millisecondsOf(context.options.lockTimeout) / 3 || FIRST);
  const closing = new AbortController();
  let blockers: readonly Session[] = [];
  let current = Promise.resolve();
  const ask = async (connection: Connection): Promise<void> => {
    const seen = (await connection.query(query))[0]?.rows[0] as Activity;
    const isNew = ({ pid }: Session): boolean => !blockers.some((known) => known.pid === pid);
    if (seen.blockers?.some(isNew) === true) emit({ type: 'blocked', blockers: seen.blockers });
    blockers = seen.blockers ?? blockers;
    if (seen.progress !== null) emit({ type: 'progress', ...seen.progress });
  };
  const watch = async (done: AbortSignal): Promise<void> => {
    if (done.aborted) return;
    await withConnection(
      configuration,
      { purpose: 'monitor', command, signal: closing.signal },
      async (connection) => {
        do await ask(connection);
        while (await sleep(NEXT, true, { signal: done }).catch(() => false));
      },
    );
  };
  const monitor: LockMonitor = {
    async during(statement) {
      const done = new AbortController();
      // One monitoring connection at a time. A monitor that fails is no reason to fail a migration.
      const timer = setTimeout(
        () => (current = current.then(() => watch(done.signal)).catch(() => undefined)),
        first,
      );
      try {
        return await statement;
      } finally {
        clearTimeout(timer);
        done.abort();
      }
    },
    blockers: () => blockers,
  };
  try {
    return await use(monitor);
  } finally {
    closing.abort();
    await current;
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** A duration as PostgreSQL reads it, in milliseconds. */
const millisecondsOf = (duration: string): number =>
  Number.parseInt(duration, 10) * (UNITS[duration.replace(/^\d+/, '')] ?? 1);
