import { failure } from '../report/errors.ts';
import type { Direction } from '../report/types.ts';
import type { Project } from './project.ts';

/** Counts the applied migrations. @throws Failure `usage` if the rows contradict the files of the project */
export function appliedCount({ migrations }: Project, rows: readonly { name: string }[]): number {
  const known = new Set(migrations.map(({ name }) => name));
  const applied = new Set(rows.map(({ name }) => name));
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length > 0) throw failure('row-without-file', [unknown]);
  const end = migrations.findLastIndex(({ name }) => applied.has(name));
  const skipped = migrations.slice(0, end + 1).filter(({ name }) => !applied.has(name));
  const files = skipped.map(({ file }) => file);
  if (files.length > 0) throw failure('out-of-order', [files, migrations[end]?.name ?? '']);
  return applied.size;
}

/** The version when `count` migrations are applied: the name of the last one, or null if there is none. */
export const versionAt = ({ migrations }: Project, count: number) =>
  migrations[count - 1]?.name ?? null;

/** The migrations to run, in this order, if `from` migrations are applied and `to` shall be. */
export function migrationsToRun(project: Project, direction: Direction, from: number, to: number) {
  const { migrations } = project;
  return direction === 'up' ? migrations.slice(from, to) : migrations.slice(to, from).reverse();
}

/**
 * Returns how many migrations shall be applied after `up` or `down`. Without an argument, `up` applies all,
 * and `down` reverts one. The argument is a count (`3`), or the number (`0003`), name or file of a migration:
 * `up 0003` applies 0003, too, and `down 0003` leaves 0003 applied. @throws Failure `usage`
 */
export function targetCount(
  { migrations }: Project,
  applied: number,
  direction: Direction,
  argument?: string,
) {
  if (argument === undefined)
    return direction === 'up' ? migrations.length : Math.max(applied - 1, 0);
  const wanted = argument.replace(/^.*\//, '').replace(/\.[a-z]+$/, '');
  const index = migrations.findIndex(({ name }) => `${name}_`.startsWith(`${wanted}_`));
  // The argument 3 can mean three migrations, or the migration 3_name. A number is a count if the project has
  // so many migrations, or no migration with this number. So 20240131120000 can name a migration.
  const isNumber = /^[1-9]\d*$/.test(argument);
  if (isNumber && (index < 0 || Number(argument) <= migrations.length)) {
    const steps = direction === 'up' ? Number(argument) : -Number(argument);
    return Math.max(0, Math.min(applied + steps, migrations.length));
  }
  if (index < 0) throw failure('unknown-migration', [argument]);
  if (direction === 'up') return Math.max(index + 1, applied);
  if (index >= applied) throw failure('not-applied', [argument]);
  return index + 1;
}
