import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Context } from '../context.js';
import { connectionName, withConnection } from './connection.js';

/** How often, and how long between, it is looked whether the server is through with a connection that was lost. */
const LOOKS = 25;
const PAUSE = 200;

/**
 * The names of the applied migrations, after the run's connection was lost: a `COMMIT` on its way may have arrived.
 * Waits until the server is through with what that connection sent, some seconds at most.
 *
 * @returns `undefined` where that cannot be found out
 */
export async function appliedAfterLoss({
  address,
  command,
  project,
  signal,
}: Context): Promise<Set<string> | undefined> {
  const old = pg.escapeLiteral(connectionName('run', command));
  const isBusy = `SELECT FROM pg_catalog.pg_stat_activity WHERE application_name = ${old} AND xact_start IS NOT NULL`;
  try {
    return await withConnection(address, { purpose: 'watch', command, signal }, async ({ query }) => {
      for (let looks = 0; (await query(isBusy))[0]?.rowCount !== 0; looks++) {
        if (looks === LOOKS) return undefined;
        await sleep(PAUSE, undefined, { signal });
      }
      const [result] = await query(`SELECT name FROM ${project.settings.ledgerName}`);
      return new Set((result?.rows as { name: string }[]).map(({ name }) => name));
    });
  } catch {
    return undefined; // The server is not there: the failure that is being told says so.
  }
}
