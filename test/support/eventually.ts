import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from './database.ts';

/**
 * Asks again and again until there is an answer, and gives it. The bound is there to end a test that would hang; no test
 * depends on how long it takes.
 *
 * @param what what is waited for, in the words of the error
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  seconds = 30,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await pause(25);
  }
  throw new Error(`it never came about within ${seconds} s: ${what}`);
}

/** A session of a run, as the server sees it. */
export interface Backend {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly query: string;
  readonly blockers: number[];
}

/** The sessions of runs in a database, of all kinds or of one: `run`, `lock` or `monitor`. */
export const backends = (database: Database, purpose = '%'): Promise<Backend[]> =>
  database.query<Backend & { [column: string]: unknown }>(
    `SELECT pid, application_name AS name, state, query, pg_blocking_pids(pid) AS blockers FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'migrate % ' || $1 || ' %'`,
    [purpose],
  );

/** Waits until a connection of a run, its `run` unless it is said, waits for a lock of somebody else; gives that session. */
export const blockedRun = (database: Database, purpose = 'run'): Promise<Backend> =>
  eventually('a run that waits for a lock', async () =>
    (await backends(database, purpose)).find(({ blockers }) => blockers.length > 0),
  );

/** The advisory locks that are held in a database, by anybody, or waited for. */
export const advisoryLocks = (database: Database, granted = true): Promise<{ pid: number }[]> =>
  database.query(
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted = $1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [granted],
  );

/** Waits until no session but idle ones is left in a database: what was cut off has then come to its end. */
export const settled = (database: Database): Promise<true> =>
  eventually('a database where nobody is at work', async () => {
    const busy =
      await database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
      AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'`);
    return busy.length === 0;
  });
