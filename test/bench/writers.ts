/** What writers notice: the application's statements on `workflow_executions`, each timed, while something else goes on. */
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { Database } from '../support/database.js';

/** One statement of a writer that took its time. */
export interface Stall {
  readonly milliseconds: number;
  /** Seconds after the beginning. */
  readonly at: number;
  /** What it waited for, as the server said while it did; empty where nobody had time to look. */
  readonly reason: string;
}

export interface Noticed {
  readonly longest: Stall;
  readonly statements: number;
  readonly seconds: number;
}

/** A statement that takes longer is asked about. */
const LOOK_AFTER = 25;

const REASON = `SELECT coalesce((SELECT string_agg(DISTINCT left(regexp_replace(b.query, '\\s+', ' ', 'g'), 110), ' | ')
    FROM pg_stat_activity b WHERE b.pid = ANY (pg_blocking_pids(a.pid))), a.wait_event_type || ' ' || a.wait_event, a.state) AS reason
  FROM pg_stat_activity a WHERE a.pid = $1`;

/** What a writer does, by turns. Executions have ids that can be computed, so that no writer has to look for one. */
const INSERT = `INSERT INTO workflow_executions (template_id, user_id, status, input)
  VALUES ('onboarding', '00000000-0000-4000-8000-000000000001', 'running', '{"step": 1}')`;
const UPDATE = `UPDATE workflow_executions SET status = 'completed', output = '{"done": true}', completed_at = now()
  WHERE id = md5($1::int::text)::uuid`;

/** Runs `work` while `count` writers are at work, and says what they noticed of it. */
export async function whileWriting(
  database: Database,
  { count, rows }: { readonly count: number; readonly rows: number },
  work: () => Promise<unknown>,
): Promise<Noticed> {
  const observer = await database.connect();
  const writers = await Promise.all(Array.from({ length: count }, () => database.connect()));
  let isOver = false;
  let isLooking = false;
  let statements = 0;
  let longest: Stall = { milliseconds: 0, at: 0, reason: '' };
  const timed = async (pid: number, statement: Promise<unknown>) => {
    const sent = performance.now();
    let reason = '';
    const timer = setTimeout(() => {
      if (isLooking) return;
      isLooking = true;
      const looked = observer.query<{ reason: string }>(REASON, [pid]);
      void looked.then(({ rows: [row] }) => (reason = row?.reason ?? '')).finally(() => (isLooking = false));
    }, LOOK_AFTER);
    await statement;
    clearTimeout(timer);
    const milliseconds = performance.now() - sent;
    statements++;
    if (milliseconds > longest.milliseconds) longest = { milliseconds, at: (sent - started) / 1000, reason };
  };
  const write = async (writer: pg.Client, index: number) => {
    const { rows: found } = await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = found[0]?.pid ?? 0;
    for (let turn = index; !isOver; turn++) {
      const isInsert = turn % 2 === 0;
      const number = 1 + ((turn * 7919 + index * 104_729) % rows);
      await timed(pid, isInsert ? writer.query(INSERT) : writer.query(UPDATE, [number]));
      await pause(2);
    }
  };
  const started = performance.now();
  const working = Promise.all(writers.map(write));
  await pause(500);
  try {
    await work();
  } finally {
    await pause(500);
    isOver = true;
    await working;
  }
  const seconds = (performance.now() - started) / 1000;
  return { longest, statements, seconds };
}
