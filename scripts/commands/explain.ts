import type { Context } from '../context.js';
import type { View } from '../database/run-plan.js';
import type { CheckedTransaction } from '../database/transaction.js';
import { isLockTrouble, isLost, troubleFailure } from '../database/trouble.js';
import { Failure, failure, sqlstateOf } from '../errors.js';
import { compare, type Difference } from '../schema/compare.js';
import { createsTable } from '../schema/effects.js';
import { mentions, objectId, objectsOf } from '../schema/model.js';
import type { Bench } from './look.js';

/** The failure that an error of a run is; errors after which a run is tried again are handed on as they are. */
export function explain(bench: Bench, view: View, client: CheckedTransaction, error: unknown): unknown {
  const { context, direction } = bench;
  const { wentOutside } = client;
  // Not where the row of what is being reverted has gone already: the next attempt would not know of it any more.
  const isAgain = isLockTrouble(error) && !(wentOutside && direction === 'down');
  if (context.signal.aborted || isAgain) return error;
  const cause = error instanceof Failure ? error : asFailure(bench, view, client, error);
  return wentOutside ? asPartial(context, cause) : cause;
}

/** What went wrong after a part of the run was committed. What is no failure, and no trouble with the server, stays what it is. */
export function asPartial(context: Context, error: unknown): unknown {
  const cause = error instanceof Failure ? error : troubleFailure(error);
  if (cause === undefined || cause.outcome === 'partial') return error;
  const { message, hint, details } = cause;
  return failure('partial', 'partial', [context.facts.version, goOn(context), message, hint], { ...details, cause });
}

/** The command to type where a run broke off: another `down` would revert one more, and another `up 2` would count on. */
export const goOn = ({ command, argument }: Context): string =>
  command === 'redo' || (command === 'up' && argument === undefined) ? 'up' : 'status';

function asFailure({ context }: Bench, view: View, client: CheckedTransaction, error: unknown): Failure {
  const { statement, reached = 0 } = client;
  const migration = view.migrations[reached] ?? view.migrations.at(-1);
  const lost = isLost(error) ? troubleFailure(error) : undefined;
  if (lost !== undefined) return lost;
  const sqlstate = sqlstateOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const file = migration?.file;
  const isAboutShape = sqlstate !== undefined && /^(22|23|42|55)/.test(sqlstate);
  const misfits = isAboutShape ? misfitsBefore(context, view) : [];
  if (misfits.length > 0)
    return failure('differs', 'misfit', [migration?.name ?? '', message, misfits], {
      sqlstate,
      file,
      differences: misfits,
      cause: error,
    });
  const { detail, hint, where } = (error ?? {}) as { detail?: string; hint?: string; where?: string };
  const more = [detail, hint, where].filter((line): line is string => line !== undefined);
  const values = [file ?? '', context.facts.version, message, sqlstate, more, statement] as const;
  return failure('failed', 'migration-failed', [...values], { sqlstate, file, cause: error });
}

/**
 * What was in the way before the run: where a table that the run would create was there already, or a column that it
 * would add to a shared table, in a shape that the effects do not have. A migration that fails on such a thing failed
 * for that reason.
 */
function misfitsBefore({ project }: Context, { migrations, inspection, ledger }: View): Difference[] {
  const before = inspection.live;
  const found = new Set(Object.keys(before.tables ?? {}));
  const known = objectsOf(project.expectedAt(ledger.applied.length).schema);
  const effects = migrations.map(({ effect }) => effect);
  const adopted = new Set(
    effects
      .flatMap(mentions)
      .filter((mention) => createsTable(mention) && found.has(mention.key) && !known.has(mention.id))
      .map(({ key }) => key),
  );
  const all = project.expectedAt(new Set([...ledger.applied, ...migrations]).size);
  const named = new Set(
    effects
      .flatMap(mentions)
      .filter(({ section, key, part }) => section === 'tables' && (adopted.has(key) || part === 'columns'))
      .map(({ id }) => id)
      .filter((id) => !all.partial.has(id) && !known.has(id)),
  );
  for (const key of adopted) named.add(objectId('tables', key));
  const { failing } = compare({ ...all, named, owned: new Set() }, before);
  // A column that is missing is added, unless it has to have a value in rows that are there.
  const titles = [...adopted].map((key) => `column ${key}.`);
  return failing.filter(({ kind, object, expected }) =>
    kind === 'changed'
      ? /^(column|table|view) /.test(object)
      : titles.some((title) => object.startsWith(title)) && /, not null$/.test(expected ?? ''),
  );
}
