import { setTimeout as pause } from 'node:timers/promises';
import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import type { Database } from './database.ts';

/**
 * Calls `ask` until it returns a value other than undefined or false, and returns that value. The time limit
 * only ends a test that would otherwise never end.
 *
 * @param what what the test waits for, for the error message after the time limit
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await pause(25);
  }
  throw new Error(`not seen within 30 s: ${what}`);
}

/**
 * The sessions of runs in a database: all, or those for one purpose (`run`, `lock` or `monitor`). Each row
 * has the process ids that block the session.
 */
export const backends = (database: Database, purpose = '%') =>
  database.query<{ pid: number; name: string; state: string; blockers: number[] }>(
    `SELECT pid, application_name AS name, state, pg_blocking_pids(pid) AS blockers
     FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'migrate % ' || $1 || ' %'`,
    [purpose],
  );

/** Waits until no session of a run is left, or none for this purpose. */
export const noBackends = (database: Database, purpose = '%'): Promise<true> =>
  eventually('the end of the sessions of a run', async () => {
    return (await backends(database, purpose)).length === 0;
  });

/** Waits until another session blocks a session of a run. Returns the session that is blocked. */
export const blockedRun = (database: Database, purpose = 'run') =>
  eventually('a run that waits for a lock', async () =>
    (await backends(database, purpose)).find(({ blockers }) => blockers.length > 0),
  );

/** SQL that takes the run lock, as the CLI of the framework does. */
export const TAKE_RUN_LOCK = `SELECT pg_advisory_lock(${PG_MIGRATE_LOCK_ID})`;

/** The advisory locks of a database that sessions hold, or wait for if `granted` is false. */
export const advisoryLocks = (database: Database, granted = true): Promise<{ pid: number }[]> =>
  database.query(
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted = $1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [granted],
  );

/** Waits until all sessions in a database are idle. Statements of clients that are gone may still run. */
export const settled = (database: Database): Promise<true> =>
  eventually('a database in which all sessions are idle', async () => {
    const busy = await database.query(`SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend'
        AND pid <> pg_backend_pid() AND state <> 'idle'`);
    return busy.length === 0;
  });
