import { closest } from './cli/closest.js';
import { failure } from './errors.js';
import type { Migration, Project } from './project.js';
import type { Settings } from './settings.js';

/** A row of the migrations table. */
export interface LedgerRow {
  readonly name: string;
  /** When it was applied, as the server printed it. */
  readonly run_on: string;
  /** Of the effect that the database was checked against; absent where the framework's own CLI applied it. */
  readonly effect_hash?: string | null;
}

/** What the migrations table says of the project's migrations. */
export interface Ledger {
  readonly applied: readonly Migration[];
  readonly pending: readonly Migration[];
  /** Name of the last applied migration. */
  readonly version: string | null;
  readonly appliedOn: ReadonlyMap<string, string>;
}

/** What the migrations table is called in messages. */
export const ledgerTitle = ({ migrationsSchema, migrationsTable }: Settings): string =>
  `${migrationsSchema}.${migrationsTable}`;

/**
 * Matches the migrations table with the files.
 *
 * @throws Failure `usage` where they contradict each other: nothing is guessed about a broken ledger
 */
export function readLedger({ migrations, settings }: Project, rows: readonly LedgerRow[]): Ledger {
  const table = ledgerTitle(settings);
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  const lost = rows.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
  if (lost.length > 0) throw failure('usage', 'ledger-without-file', [lost, table]);
  const applied = rows.flatMap(({ name }) => byName.get(name) ?? []);
  const there = new Set<Migration>();
  const twice = applied.find((migration) => there.size === there.add(migration).size);
  if (twice !== undefined) throw failure('usage', 'ledger-twice', [twice.name, table]);
  const inOrder = migrations.slice(0, applied.length);
  const skipped = inOrder.filter((migration) => !there.has(migration));
  if (skipped.length > 0)
    throw failure('usage', 'ledger-order', [skipped.map(({ file }) => file), applied.at(-1)?.name ?? '']);
  const edited = rows.flatMap(({ name, effect_hash }) => {
    const migration = byName.get(name);
    return effect_hash && migration && effect_hash !== migration.effectHash ? [migration.effectFile] : [];
  });
  if (edited.length > 0) throw failure('usage', 'effect-edited', [edited], { file: edited[0] });
  return {
    applied: inOrder,
    pending: migrations.slice(applied.length),
    version: inOrder.at(-1)?.name ?? null,
    appliedOn: new Map(rows.map(({ name, run_on }) => [name, run_on])),
  };
}

/** The direction of a run. */
export type Direction = 'up' | 'down';

/** What is applied, and what is pending, once a run is `count` migrations further. */
export function ledgerAfter(
  { applied, pending }: Ledger,
  direction: Direction,
  count: number,
): Pick<Ledger, 'applied' | 'pending'> {
  const all = [...applied, ...pending];
  const length = applied.length + (direction === 'up' ? count : -count);
  return { applied: all.slice(0, length), pending: all.slice(length) };
}

/**
 * The migrations that `up` or `down` with this argument is about, in the order in which they run.
 *
 * @param argument a count (`3`), the number (`0003`) or name of a migration, or nothing: all upwards, one downwards.
 *   `up name` includes it; `down name` stops before it.
 * @throws Failure `usage` for a name that is none, or is on the wrong side
 */
export function select(ledger: Ledger, direction: Direction, argument: string | undefined): Migration[] {
  const candidates = direction === 'up' ? [...ledger.pending] : [...ledger.applied].reverse();
  if (argument === undefined) return direction === 'up' ? candidates : candidates.slice(0, 1);
  if (/^(?:0|[1-9]\d*)$/.test(argument)) return candidates.slice(0, Number(argument));
  const target = find([...ledger.applied, ...ledger.pending], argument);
  const index = candidates.indexOf(target);
  if (direction === 'up') return index < 0 ? [] : candidates.slice(0, index + 1);
  if (index < 0) throw failure('usage', 'not-applied', [target.name]);
  return candidates.slice(0, index);
}

function find(migrations: readonly Migration[], argument: string): Migration {
  const wanted = argument.replace(/^.*\//, '').replace(/\.(ts|js|mjs|cjs)$/, '');
  const exact = migrations.find(({ name }) => name === wanted);
  if (exact !== undefined) return exact;
  const beginning = migrations.filter(
    ({ name }) => name.startsWith(`${wanted}_`) || name.replace(/^\d+_/, '') === wanted,
  );
  if (beginning.length === 1 && beginning[0] !== undefined) return beginning[0];
  const names = migrations.map(({ name }) => name);
  throw failure('usage', 'unknown-migration', [
    argument,
    closest(wanted, names) ?? names.find((name) => name.includes(wanted)),
  ]);
}
