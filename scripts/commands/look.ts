import { noteLedger, type Context } from '../context.js';
import type { Connection } from '../database/connection.js';
import { inspect, type InspectOptions } from '../database/inspect.js';
import type { View } from '../database/run-plan.js';
import type { Watch } from '../database/watch.js';
import { failure } from '../errors.js';
import { readLedger, select, type Direction, type Ledger } from '../ledger.js';
import { obstacles } from '../preflight.js';
import type { Migration } from '../project.js';
import { refuseUnread } from './check.js';

/** What a run works with, from attempt to attempt. */
export interface Bench {
  readonly context: Context;
  readonly direction: Direction;
  readonly argument: string | undefined;
  /** The first connection: it looks, and then holds the run lock while a second one works. */
  readonly connection: Connection;
  readonly watch: Watch;
  /** The migrations that the run is about, once it has been seen under the run lock; the same in every attempt. */
  names?: ReadonlySet<string>;
}

/**
 * Looks where the database is, and what is to do. Where the migrations table cannot be read, the owners are asked as well,
 * to say all that is missing.
 *
 * @throws Failure `usage` where ledger and files contradict each other, `unavailable` where the ledger may not be read,
 *   `locked` where another run went another way
 */
export async function look(
  bench: Bench,
  connection: Connection,
  asked: Pick<InspectOptions, 'withOwners' | 'noLedger'> = {},
): Promise<View> {
  const { context, direction, argument, names, watch } = bench;
  const { project, options } = context;
  const inspection = await watch.during(inspect(connection, project, { ...asked, lockTimeout: options.lockTimeout }));
  const ledger = readLedger(project, inspection.ledger);
  if (inspection.access.ledger?.read === false) {
    if (asked.withOwners !== true) return await look(bench, connection, { withOwners: true });
    refuseUnread(context, inspection, obstacles(project, inspection, ledger.pending));
  }
  noteLedger(context, ledger);
  const selected = names === undefined ? select(ledger, direction, argument) : remaining(ledger, direction, names);
  return { inspection, ledger, migrations: selected };
}

/**
 * What is left of the migrations that a run is about.
 *
 * @throws Failure `locked` where it does not begin where the database is now: in between another run went another way
 */
function remaining(ledger: Ledger, direction: Direction, names: ReadonlySet<string>): Migration[] {
  const candidates = direction === 'up' ? ledger.pending : [...ledger.applied].reverse();
  const left = candidates.filter(({ name }) => names.has(name));
  if (left.some((migration, index) => migration !== candidates[index]))
    throw failure('locked', 'overtaken', [ledger.version]);
  return left;
}
