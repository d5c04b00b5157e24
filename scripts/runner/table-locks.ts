import { setTimeout as sleep } from 'node:timers/promises';
import { connectionName, withConnection } from '../database/connection.ts';
import { isRetryable } from '../database/pg-errors.ts';
import { failure } from '../report/errors.ts';
import type { Session } from '../report/types.ts';
import { blockerLines, duration } from '../report/wording.ts';
import type { Connected, Context } from './context.ts';
import { sessionsQuery } from './run-lock.ts';

/** The time after which a statement is slow, unless a third of `--lock-timeout` is shorter. */
const SLOW_MS = 700;

/**
 * SQL about the connections with these names. The second result lists the sessions that block them, and the
 * third what else they wait for. Behind a pooler, a statement outside a transaction has its connection's name
 * in a comment.
 */
const activityQuery = (names: readonly string[]) => `
  ${sessionsQuery(`SELECT unnest(pg_blocking_pids(pid))
    FROM pg_stat_activity WHERE ${hasName(names)}`)};
  SELECT CASE wait_event WHEN 'SyncRep' THEN 'waiting for a standby (synchronous_standby_names)'
    ELSE format('index build, %s: %s %%', phase, 100 * greatest(blocks_done, tuples_done)
      / greatest(blocks_total, tuples_total, 1)) END AS progress
  FROM pg_stat_activity LEFT JOIN pg_stat_progress_create_index USING (pid)
  WHERE (wait_event = 'SyncRep' OR phase <> '') AND (${hasName(names)})`;

const hasName = (names: readonly string[]) =>
  names.map((name) => `application_name = '${name}' OR query LIKE '/* ${name} */%'`).join(' OR ');

/**
 * Runs `use` with a context that watches statements. The first slow statement starts the monitor. Until `use`
 * ends, the monitor tells the user which sessions block the command, and how far an index build is.
 */
export async function withLockMonitor<T>(
  context: Omit<Context, 'watch' | 'blockers'>,
  use: (context: Context) => Promise<T>,
): Promise<T> {
  const { command, tell, options } = context;
  const names = [connectionName('run', command), connectionName('lock', command)];
  const slow = Math.min(SLOW_MS, (options.lockTimeout || Infinity) / 3);
  const ending = new AbortController();
  let blockers: readonly Session[] = [];
  const monitor = async ({ connection, signal }: Omit<Connected, 'blockers'>) => {
    for (;;) {
      const [, sessions, builds] = await connection.query(activityQuery(names));
      const blocking = sessions?.rows as Session[];
      const isNew = ({ pid }: Session) => !blockers.some((known) => known.pid === pid);
      if (blocking.some(isNew)) tell(`waiting for a table lock${blockerLines(blocking)}`);
      if (blocking.length > 0) blockers = blocking;
      for (const { progress } of builds?.rows as { progress: string }[]) tell(progress);
      await sleep(3 * SLOW_MS, undefined, { signal });
    }
  };
  let monitoring: Promise<void> | undefined;
  const start = () => {
    if (monitoring) return;
    const signal = AbortSignal.any([context.signal, ending.signal]);
    // Without a connection for the monitor, the command goes on, and a later statement tries again.
    monitoring = withConnection({ ...context, signal }, 'monitor', monitor).catch(() => {
      monitoring = undefined;
    });
  };
  const watch: Context['watch'] = (statement) => {
    const timer = setTimeout(start, slow);
    // `statement` is undefined if the migration gave `pg` a callback.
    return Promise.resolve(statement).finally(() => clearTimeout(timer));
  };
  try {
    return await use({ ...context, watch, blockers: () => blockers });
  } finally {
    ending.abort();
    await monitoring;
  }
}

/** Repeats an attempt if its error {@link isRetryable}. @throws Failure `locked` after all `--retries` */
export async function withRetries<T>(
  { signal, options: { retries }, tell, blockers }: Context,
  attemptOnce: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await attemptOnce();
    } catch (error) {
      if (!isRetryable(error) || signal.aborted) throw error;
      const { message } = error as Error;
      if (attempt > retries)
        throw failure('table-lock', [retries, message, blockers()], { cause: error });
      const pause = Math.min(50 * 2 ** attempt, 5000);
      const failed = `attempt ${attempt} of ${retries + 1} failed: ${message}`;
      tell(`${failed}; rolled back, next attempt in ${duration(pause)}${blockerLines(blockers())}`);
      await sleep(pause, undefined, { signal });
    }
}
