import { setTimeout as sleep } from 'node:timers/promises';
import { noteDatabase, type Context, type Success } from '../context.js';
import { appliedAfterLoss } from '../database/aftermath.js';
import { withConnection, type Connection } from '../database/connection.js';
import type { View } from '../database/run-plan.js';
import { rowsInTheWay } from '../database/rows.js';
import { withRunLock, type RunLock } from '../database/run-lock.js';
import { CheckedTransaction } from '../database/transaction.js';
import { isLost, isLockTrouble } from '../database/trouble.js';
import { withWatch } from '../database/watch.js';
import { failure, sqlstateOf } from '../errors.js';
import { loadMigrations, preload, runMigrations } from '../framework.js';
import { ledgerAfter, type Direction, type Ledger } from '../ledger.js';
import type { Migration } from '../project.js';
import { obstacles } from '../preflight.js';
import { compareAtVersion, connectOptions, refuse } from './check.js';
import { asPartial, explain, goOn } from './explain.js';
import { look, type Bench } from './look.js';

export const up = (context: Context): Promise<Success> => run(context, 'up', context.argument);
export const down = (context: Context): Promise<Success> => run(context, 'down', context.argument);

/** Reverts the last n migrations, and applies them again. Both ways are checked, and committed on their own. */
export async function redo(context: Context): Promise<Success> {
  const outcome = await run(context, 'down', context.argument);
  return context.facts.reverted.length === 0
    ? outcome
    : await run(context, 'up', String(context.facts.reverted.length));
}

/**
 * Takes the database to another version. With nothing to do it takes no lock and writes nothing, but still checks.
 *
 * @throws Failure for whatever stands in the way; what was committed until then is in the context's facts
 */
async function run(context: Context, direction: Direction, argument: string | undefined): Promise<Success> {
  const { address, command, emit } = context;
  const running = withConnection(address, { ...connectOptions(context), purpose: 'lock' }, (connection) =>
    withWatch(address, command, context.options.lockTimeout, emit, async (watch) => {
      noteDatabase(context, connection);
      return await retrying({ context, direction, argument, connection, watch });
    }),
  );
  return await running.catch((error: unknown) => {
    throw isBegun(context) ? asPartial(context, error) : error; // By this attempt, one before, or the other half of a `redo`.
  });
}

/** Attempts, and after a lock timeout or a deadlock attempts again from where the database then is. */
async function retrying(bench: Bench): Promise<Success> {
  const { context, watch } = bench;
  const { retries } = context.options;
  for (let attempt = 1; ; attempt++)
    try {
      return await attemptRun(bench);
    } catch (error) {
      if (!isLockTrouble(error) || context.signal.aborted) throw error;
      const blockers = watch.blockers();
      const details = { sqlstate: sqlstateOf(error), cause: error };
      if (attempt > retries)
        throw isBegun(context)
          ? failure('partial', 'partial-locked', [context.facts.version, goOn(context), retries, blockers], details)
          : failure('locked', 'table-lock', [retries, blockers], details);
      const pause = Math.round(Math.min(100 * 2 ** (attempt - 1), 5000) * (0.5 + Math.random()));
      context.emit({ type: 'retry', attempt, retries, pause, reason: (error as Error).message, blockers });
      await sleep(pause, undefined, { signal: context.signal });
    }
}

/** Looks, and where there is something to do, looks again under the run lock, since another run may have been quicker. */
async function attemptRun(bench: Bench): Promise<Success> {
  const { context, connection } = bench;
  const { address, command, options, signal, emit } = context;
  const matches = ({ inspection, ledger }: View) => compareAtVersion(context, inspection, ledger);
  const compared = (view: View) => (matches(view) ? outcomeOf(bench) : 'differs');
  const first = await look(bench, connection);
  const isIdle = first.migrations.length === 0;
  if (isIdle && matches(first)) return outcomeOf(bench);
  const view = isIdle ? await look(bench, connection) : first; // What differs is looked at twice, as by a check.
  if (view.migrations.length === 0) return compared(view);
  return await withRunLock(connection, { wait: options.lockWait, signal, emit }, (lock) =>
    withConnection(address, { purpose: 'run', command, signal }, async (worker) => {
      const looking = look(bench, worker, { withOwners: true, noLedger: view.inspection.access.ledger === null });
      preload(view.migrations); // While the server looks.
      const current = await looking;
      if (current.migrations.length === 0) return compared(current);
      bench.names ??= new Set(current.migrations.map(({ name }) => name));
      await execute(bench, worker, lock, current);
      return outcomeOf(bench);
    }),
  );
}

const isBegun = ({ facts }: Context): boolean => facts.applied.length + facts.reverted.length > 0;
const outcomeOf = ({ context, direction }: Bench): Success =>
  isBegun(context) ? (direction === 'up' ? 'applied' : 'reverted') : 'nothing-to-do';

/** Makes sure that nothing stands in the way, loads, runs. Notes what was committed, also when it throws. */
async function execute(bench: Bench, connection: Connection, lock: RunLock, view: View): Promise<void> {
  const { context, direction, watch } = bench;
  const { project, facts, options, signal, emit } = context;
  const { inspection, ledger, migrations } = view;
  refuse(context, obstacles(project, inspection, migrations, context.command === 'redo'));
  if (direction === 'up')
    refuse(context, await rowsInTheWay(connection, inspection.live, migrations, options.lockTimeout));
  await loadMigrations(migrations, direction);
  const client = new CheckedTransaction(connection, { ...options, ...view, project, direction }, lock, watch);
  try {
    signal.throwIfAborted();
    const running = runMigrations(project.settings, client, migrations, direction, (steps) => {
      client.announce(steps);
    });
    await Promise.race([running, context.stuck]);
    if (client.committed !== migrations.length)
      throw new Error(`${client.committed} of ${migrations.length} migrations were run`);
    if (client.late !== undefined) throw client.late;
  } catch (thrown) {
    await client.rollback();
    const error = client.error ?? thrown;
    const applied = isLost(error) && !signal.aborted ? await appliedAfterLoss(context) : undefined;
    const isThere = ({ name }: Migration) => applied?.has(name) === (direction === 'up');
    note(bench, ledger, client, applied === undefined ? client.committed : migrations.filter(isThere).length);
    throw explain(bench, view, client, error);
  }
  note(bench, ledger, client, client.committed);
  facts.warnings = client.warnings;
  if (client.losses.length > 0 && options.allowDataLoss) emit({ type: 'deleting', losses: client.losses });
}

/** Notes that the first `committed` migrations of an attempt are there to stay. */
function note(
  { context: { facts }, direction }: Bench,
  ledger: Ledger,
  client: CheckedTransaction,
  committed: number,
): void {
  (direction === 'up' ? facts.applied : facts.reverted).push(...client.ran.slice(0, committed));
  const { applied, pending } = ledgerAfter(ledger, direction, committed);
  facts.version = applied.at(-1)?.name ?? null;
  facts.pending = pending.map(({ name }) => name);
}
