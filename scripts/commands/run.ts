import { setTimeout as sleep } from 'node:timers/promises';
import { noteDatabase, noteLedger, type Context, type Success } from '../context.js';
import { appliedAfterLoss } from '../database/aftermath.js';
import { withConnection, type Connection } from '../database/connection.js';
import { inspect, type Inspection } from '../database/inspect.js';
import { rowsInTheWay } from '../database/rows.js';
import { withRunLock, type RunLock } from '../database/run-lock.js';
import type { RunPlan } from '../database/run-plan.js';
import { CheckedTransaction } from '../database/transaction.js';
import { isLost, isLockTrouble } from '../database/trouble.js';
import { withWatch, type Watch } from '../database/watch.js';
import { failure, sqlstateOf } from '../errors.js';
import { loadMigrations, runMigrations } from '../framework.js';
import { readLedger, select, type Direction, type Ledger } from '../ledger.js';
import type { Migration } from '../project.js';
import { expectation } from '../schema/effects.js';
import { obstacles } from '../preflight.js';
import { compareAtVersion, connectOptions, refuseObstacles, refuseUnread } from './check.js';
import { explain } from './explain.js';

interface Bench {
  readonly context: Context;
  readonly direction: Direction;
  readonly argument: string | undefined;
  /** The first connection: it looks, and then holds the run lock while a second one works. */
  readonly connection: Connection;
  readonly watch: Watch;
  /** The migrations that the run is about, once it has been seen under the run lock; the same in every attempt. */
  names?: ReadonlySet<string>;
}

/** Where the database is, and what is left to do. */
interface View {
  readonly inspection: Inspection;
  readonly ledger: Ledger;
  readonly migrations: readonly Migration[];
}

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
  const { address, command, signal, emit } = context;
  return await withConnection(address, { ...connectOptions(context), purpose: 'lock' }, (connection) =>
    withWatch(address, command, context.options.lockTimeout, emit, async (watch) => {
      const cancel = () => void watch.cancel().catch(() => undefined);
      signal.addEventListener('abort', cancel, { once: true });
      try {
        noteDatabase(context, connection);
        return await retrying({ context, direction, argument, connection, watch });
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    }),
  );
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
          ? failure('partial', 'partial-locked', [context.facts.version, context.command, retries, blockers], details)
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
  const compared = ({ inspection, ledger }: View) =>
    compareAtVersion(context, inspection, ledger) ? outcomeOf(bench) : 'differs';
  const view = await look(bench, connection);
  if (view.migrations.length === 0) return compared(view);
  return await withRunLock(connection, { wait: options.lockWait, signal, emit }, (lock) =>
    withConnection(address, { purpose: 'run', command, signal }, async (worker) => {
      const current = await look(bench, worker);
      if (current.migrations.length === 0) return compared(current);
      bench.names ??= new Set(current.migrations.map(({ name }) => name));
      await execute(bench, worker, lock, current);
      return outcomeOf(bench);
    }),
  );
}

async function look({ context, direction, argument, names }: Bench, connection: Connection): Promise<View> {
  const inspection = await inspect(connection, context.project, context.options.lockTimeout);
  const ledger = readLedger(context.project, inspection.ledger);
  refuseUnread(context, inspection, obstacles(context.project, inspection, ledger.pending));
  noteLedger(context, ledger);
  const candidates = direction === 'up' ? ledger.pending : [...ledger.applied].reverse();
  const migrations =
    names === undefined ? select(ledger, direction, argument) : candidates.filter(({ name }) => names.has(name));
  return { inspection, ledger, migrations };
}

const isBegun = ({ facts }: Context): boolean => facts.applied.length + facts.reverted.length > 0;
const outcomeOf = ({ context, direction }: Bench): Success =>
  isBegun(context) ? (direction === 'up' ? 'applied' : 'reverted') : 'nothing-to-do';

/** Makes sure that nothing stands in the way, loads, runs. Notes what was committed, also when it throws. */
async function execute(bench: Bench, connection: Connection, lock: RunLock, view: View): Promise<void> {
  const { context, direction, watch } = bench;
  const { project, facts, options, signal, emit } = context;
  const { inspection, ledger, migrations } = view;
  refuseObstacles(context, inspection, migrations);
  const found =
    direction === 'up' ? await rowsInTheWay(connection, inspection.live, migrations, options.lockTimeout) : [];
  if (found.length > 0) throw failure('unavailable', 'obstacles', [found, context.address.database]);
  await loadMigrations(migrations, direction);
  const client = new CheckedTransaction(connection, planOf(bench, view), lock, watch);
  try {
    signal.throwIfAborted();
    await runMigrations(project.settings, client, migrations, direction, (steps) => {
      client.announce(steps);
    });
    if (client.committed !== migrations.length)
      throw new Error(`${client.committed} of ${migrations.length} migrations were run`);
  } catch (thrown) {
    await client.rollback();
    const error = client.error ?? thrown;
    const applied = isLost(error) && !signal.aborted ? await appliedAfterLoss(context) : undefined;
    const isThere = ({ name }: Migration) => applied?.has(name) === (direction === 'up');
    note(bench, ledger, client, applied === undefined ? client.committed : migrations.filter(isThere).length);
    const migration = migrations[client.reached ?? 0] ?? migrations.at(-1);
    throw explain({
      error,
      statement: client.statement,
      migration,
      migrations,
      before: inspection.live,
      ledger,
      context,
      partial: isBegun(context) || client.wentOutside,
    });
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
  const all = [...ledger.applied, ...ledger.pending];
  const applied = ledger.applied.length + (direction === 'up' ? committed : -committed);
  facts.version = all[applied - 1]?.name ?? null;
  facts.pending = all.slice(applied).map(({ name }) => name);
}

function planOf({ context, direction }: Bench, { inspection, ledger, migrations }: View): RunPlan {
  const { project, options } = context;
  const effects = (list: readonly Migration[]) => list.map(({ effect }) => effect);
  const expectationAfter = (count: number) =>
    direction === 'up'
      ? expectation(project.prerequisites, effects([...ledger.applied, ...migrations.slice(0, count)]))
      : expectation(
          project.prerequisites,
          effects(ledger.applied.slice(0, ledger.applied.length - count)),
          effects(migrations.slice(0, count)),
        );
  return {
    ...options,
    project,
    direction,
    migrations,
    expectationAfter,
    hashed: inspection.access.ledger?.hashed ?? false,
  };
}
