import { failure } from '../report/errors.js';
import { closest } from '../report/closest.js';
import type { Direction } from '../report/types.js';
import type { AppliedRow } from '../schema/state.js';
import type { Migration, Project } from './project.js';

/**
 * How many of the project's migrations are applied, from the rows of the migrations table.
 *
 * @throws Failure `usage` where the table and the files contradict each other; nothing is guessed then
 */
export function appliedCount(
  { migrations, settings }: Project,
  rows: readonly AppliedRow[],
): number {
  const table = settings.tableName;
  const applied = new Set(rows.map(({ name }) => name));
  const unknown = [...applied].filter(
    (name) => !migrations.some((migration) => migration.name === name),
  );
  if (unknown.length > 0) throw failure('usage', 'row-without-file', [table, unknown]);
  const twice = rows.find(({ name }, index) => rows.findIndex((row) => row.name === name) < index);
  if (twice !== undefined) throw failure('usage', 'row-twice', [table, twice.name]);
  const skipped = migrations.slice(0, applied.size).filter(({ name }) => !applied.has(name));
  const last = migrations.findLast(({ name }) => applied.has(name));
  if (skipped.length > 0)
    throw failure('usage', 'out-of-order', [skipped.map(({ file }) => file), last?.name ?? '']);
  return applied.size;
}

/** The name of the last applied migration, or null before the first. */
export const versionAt = ({ migrations }: Project, count: number): string | null =>
  migrations[count - 1]?.name ?? null;

/** The names of the migrations after the first `count`. */
export const pendingAt = ({ migrations }: Project, count: number): string[] =>
  migrations.slice(count).map(({ name }) => name);

/** The migrations between two versions, in the order in which they run. */
export const between = ({ migrations }: Project, from: number, to: number): Migration[] =>
  from <= to ? migrations.slice(from, to) : migrations.slice(to, from).reverse();

/**
 * How many migrations are to be applied after `up` or `down` with this argument.
 *
 * @param argument a count (`3`), the number (`0003`) or name of a migration, or nothing: all of them upwards, one fewer
 *   downwards. `up name` includes it; `down name` stops before it.
 * @throws Failure `usage` for a name that is unknown, or is not applied and cannot be gone down to
 */
export function targetCount(
  project: Project,
  applied: number,
  direction: Direction,
  argument: string | undefined,
): number {
  const { length } = project.migrations;
  if (argument === undefined) return direction === 'up' ? length : Math.max(applied - 1, 0);
  if (/^(?:0|[1-9]\d*)$/.test(argument))
    return direction === 'up'
      ? Math.min(applied + Number(argument), length)
      : Math.max(applied - Number(argument), 0);
  const target = find(project.migrations, argument) + 1;
  if (direction === 'up') return Math.max(target, applied);
  if (target > applied) throw failure('usage', 'not-applied', [versionAt(project, target) ?? '']);
  return target;
}

/** The place of the migration that an argument names: by its name, its number, its name without the number, or its file. */
function find(migrations: readonly Migration[], argument: string): number {
  const wanted = argument.replace(/^.*\//, '').replace(/\.(ts|js|mjs|cjs)$/, '');
  const isNamed = ({ name }: Migration): boolean =>
    name === wanted || name.startsWith(`${wanted}_`) || name.replace(/^\d+_/, '') === wanted;
  const index = migrations.findIndex(({ name }) => name === wanted);
  if (index >= 0) return index;
  const candidates = migrations.filter(isNamed);
  if (candidates.length === 1) return migrations.findIndex(isNamed);
  throw failure('usage', 'unknown-migration', [
    argument,
    closest(
      wanted,
      migrations.map(({ name }) => name),
    ),
  ]);
}

/** Every migration, and when it was applied, as the server printed it; null where it is pending. */
export function migrationsOf(
  { migrations }: Project,
  rows: readonly AppliedRow[],
): { name: string; appliedOn: string | null }[] {
  const appliedOn = new Map(rows.map(({ name, run_on }) => [name, run_on]));
  return migrations.map(({ name }) => ({ name, appliedOn: appliedOn.get(name) ?? null }));
}
