import { setTimeout as sleep } from 'node:timers/promises';
import { isLockError } from '../database/pg-errors.ts';
import { failure } from '../report/errors.ts';
import { blockerLines, duration } from '../report/wording.ts';
import type { Context } from './context.ts';

/**
 * Runs `attemptOnce`. After a lock timeout or a deadlock, runs it again, at most `--retries` times, with
 * longer and longer pauses in between.
 *
 * @throws Failure `locked`, with the sessions that hold the locks
 */
export async function withRetries<T>(
  { signal, options: { retries }, tell, blockers }: Context,
  attemptOnce: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await attemptOnce();
    } catch (error) {
      if (!isLockError(error) || signal.aborted) throw error;
      if (attempt > retries) throw failure('table-lock', [retries, blockers()], { cause: error });
      const longest = Math.min(100 * 2 ** (attempt - 1), 5000);
      const pause = Math.round(longest * (0.5 + Math.random()));
      const failed = `attempt ${attempt} of ${retries + 1} failed: ${(error as Error).message}`;
      tell(`${failed}; rolled back, next attempt in ${duration(pause)}${blockerLines(blockers())}`);
      await sleep(pause, undefined, { signal });
    }
}
