import { setTimeout as sleep } from 'node:timers/promises';
import { noteDatabase, noteLedger, type Context, type Success } from '../context.js';
import { withConnection, type Connection } from '../database/connection.js';
import { inspect, type Inspection } from '../database/inspect.js';
import { withRunLock, type RunLock } from '../database/run-lock.js';
import { CheckedTransaction, type RunPlan } from '../database/transaction.js';
import { withWatch, type Watch } from '../database/watch.js';
import { failure, sqlstateOf } from '../errors.js';
import { loadMigrations, runMigrations } from '../framework.js';
import { readLedger, select, type Direction, type Ledger } from '../ledger.js';
import type { Migration } from '../project.js';
import { obstacles } from '../preflight.js';
import { expectation } from '../schema/effects.js';
import { compareAtVersion, connectOptions } from './check.js';
import { explain } from './explain.js';

/** What a run works with, once it may write. */
interface Bench {
  readonly context: Context;
  readonly direction: Direction;
  readonly connection: Connection;
  readonly lock: RunLock;
  readonly watch: Watch;
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
  const { address, command, options, signal, emit } = context;
  return await withConnection(address, connectOptions(context), async (connection) => {
    noteDatabase(context, connection);
    const inspection = await inspect(connection, context.project);
    const ledger = readLedger(context.project, inspection.ledger);
    if (select(ledger, direction, argument).length === 0)
      return compareAtVersion(context, inspection, ledger) ? 'nothing-to-do' : 'differs';
    noteLedger(context, ledger);
    return await withConnection(address, { purpose: 'lock', command, signal }, (lockConnection) => {
      const onWait = (holder: Parameters<Parameters<typeof withRunLock>[1]['onWait']>[0]) =>
        emit({ type: 'waiting', holder });
      return withRunLock(lockConnection, { wait: options.lockWait, signal, onWait }, (lock) => {
        const events = {
          onBlocked: (blockers: Parameters<Parameters<typeof withWatch>[2]['onBlocked']>[0]) =>
            emit({ type: 'blocked', blockers }),
          onProgress: (progress: Parameters<Parameters<typeof withWatch>[2]['onProgress']>[0]) =>
            emit({ type: 'progress', progress }),
        };
        return withWatch(address, command, events, (watch) =>
          interruptible({ context, direction, connection, lock, watch }, () =>
            retrying({ context, direction, connection, lock, watch }, argument),
          ),
        );
      });
    });
  });
}

/** On a signal the server is told to give up the statement; if it does not within a second, the connection is cut. */
async function interruptible<T>({ context, connection, watch }: Bench, use: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    watch.cancel().catch(() => undefined);
    timer = setTimeout(connection.cut, 900);
  };
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    return await use();
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener('abort', stop);
  }
}

/** SQLSTATEs after which the same again may well succeed: lock_not_available, deadlock_detected. */
const RETRIED = new Set(['55P03', '40P01']);

/** Runs, and runs again after a lock timeout or a deadlock, from where the database then is. */
async function retrying(bench: Bench, argument: string | undefined): Promise<Success> {
  const { context, direction, connection, watch } = bench;
  const { retries } = context.options;
  let wanted: ReadonlySet<string> | undefined;
  for (let attempt = 1; ; attempt++) {
    const inspection = await inspect(connection, context.project);
    const ledger = readLedger(context.project, inspection.ledger);
    noteLedger(context, ledger);
    const open = direction === 'up' ? ledger.pending : [...ledger.applied].reverse();
    const migrations =
      wanted === undefined ? select(ledger, direction, argument) : open.filter(({ name }) => wanted?.has(name));
    wanted ??= new Set(migrations.map(({ name }) => name));
    if (migrations.length === 0) return compareAtVersion(context, inspection, ledger) ? outcomeOf(bench) : 'differs';
    try {
      await attemptRun(bench, inspection, ledger, migrations);
      return outcomeOf(bench);
    } catch (error) {
      const sqlstate = sqlstateOf(error) ?? '';
      if (!RETRIED.has(sqlstate) || context.signal.aborted) throw error;
      const blockers = watch.blockers();
      if (attempt > retries) {
        const version = context.facts.version;
        const values = [sqlstate, retries, blockers] as const;
        if (somethingIsDone(bench))
          throw failure('partial', 'partial-locked', [version, direction, ...values], { sqlstate, cause: error });
        throw failure('locked', 'table-lock', [...values], { sqlstate, cause: error });
      }
      const pause = Math.round(Math.min(100 * 2 ** (attempt - 1), 5000) * (0.5 + Math.random()));
      context.emit({ type: 'retry', attempt, retries, pause, reason: (error as Error).message, blockers });
      await sleep(pause, undefined, { signal: context.signal });
    }
  }
}

const somethingIsDone = ({ context: { facts } }: Bench): boolean => facts.applied.length + facts.reverted.length > 0;
const outcomeOf = ({ direction, context }: Bench): Success =>
  context.facts.applied.length + context.facts.reverted.length === 0
    ? 'nothing-to-do'
    : direction === 'up'
      ? 'applied'
      : 'reverted';

/** One attempt: looks, loads, runs. Notes what was committed, also when it throws. */
async function attemptRun(
  bench: Bench,
  inspection: Inspection,
  ledger: Ledger,
  migrations: readonly Migration[],
): Promise<void> {
  const { context, direction, connection, lock, watch } = bench;
  const { project, facts, options } = context;
  const found = obstacles(project, inspection, migrations);
  if (found.length > 0) throw failure('unavailable', 'obstacles', [found, context.address.database]);
  await loadMigrations(migrations, direction);
  const client = new CheckedTransaction(connection, planOf(bench, inspection, ledger, migrations), lock, watch);
  try {
    context.signal.throwIfAborted();
    await runMigrations(project.settings, client, migrations, direction);
    if (client.committed !== migrations.length)
      throw new Error(`the framework ran ${client.committed} of ${migrations.length} migrations`);
  } catch (error) {
    await client.rollback();
    const failed = migrations[client.reached ?? 0] ?? migrations.at(-1);
    note(bench, ledger, client);
    throw explain({
      error: client.error ?? error,
      statement: client.statement,
      migration: failed,
      migrations,
      before: inspection.live,
      ledger,
      context,
      partial: somethingIsDone(bench),
    });
  }
  note(bench, ledger, client);
  facts.warnings = client.warnings;
  if (client.losses.length > 0 && options.allowDataLoss) context.emit({ type: 'deleting', losses: client.losses });
}

function note({ context: { facts }, direction }: Bench, ledger: Ledger, client: CheckedTransaction): void {
  const committed = client.done.slice(0, client.committed);
  (direction === 'up' ? facts.applied : facts.reverted).push(...committed);
  const remaining =
    direction === 'up' ? ledger.applied.length + committed.length : ledger.applied.length - committed.length;
  const all = [...ledger.applied, ...ledger.pending];
  facts.version = all[remaining - 1]?.name ?? null;
  facts.pending = all.slice(remaining).map(({ name }) => name);
}

function planOf(
  { context, direction }: Bench,
  inspection: Inspection,
  ledger: Ledger,
  migrations: readonly Migration[],
): RunPlan {
  const { project, options } = context;
  const effects = (list: readonly Migration[]) => list.map(({ effect }) => effect);
  return {
    project,
    direction,
    migrations,
    expectationAfter: (count) =>
      direction === 'up'
        ? expectation(project.prerequisites, effects([...ledger.applied, ...migrations.slice(0, count)]))
        : expectation(
            project.prerequisites,
            effects(ledger.applied.slice(0, ledger.applied.length - count)),
            effects(migrations.slice(0, count)),
          ),
    hashed: inspection.access.hashed,
    strict: options.strict,
    allowDataLoss: options.allowDataLoss,
    lockTimeout: options.lockTimeout,
    statementTimeout: options.statementTimeout,
  };
}
