/** Measures the statements of an application on `workflow_executions` while something else runs. */
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../support/database.ts';

const WRITERS = 4;
const INSERT = `INSERT INTO workflow_executions (template_id, user_id, status, input)
  VALUES ('onboarding', '00000000-0000-4000-8000-000000000001', 'running', '{"step": 1}')`;
/** The id of an execution is the md5 of its number, so a writer knows ids without reading them. */
const UPDATE = `UPDATE workflow_executions
  SET status = 'completed', output = '{"done": true}', completed_at = now()
  WHERE id = md5($1::int::text)::uuid`;

/** Runs `work` while writers send statements. Returns the milliseconds of the longest statement. */
export async function longestStall(
  database: Database,
  rows: number,
  work: () => Promise<unknown>,
): Promise<number> {
  let isOver = false;
  let longest = 0;
  const write = async (index: number): Promise<void> => {
    const writer = await database.connect();
    for (let turn = index; !isOver; turn++) {
      const sent = performance.now();
      const number = 1 + ((turn * 7919 + index * 104_729) % rows);
      await (turn % 2 === 0 ? writer.query(INSERT) : writer.query(UPDATE, [number]));
      longest = Math.max(longest, performance.now() - sent);
      await pause(2);
    }
  };
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index)));
  await pause(500);
  try {
    await work();
  } finally {
    await pause(500);
    isOver = true;
    await writing;
  }
  return longest;
}
