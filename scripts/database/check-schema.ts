import { failure } from '../errors.js';
import { compare, type Difference } from '../schema/compare.js';
import type { Connection } from './connection.js';
import { readSchema } from './inspect.js';
import type { RunPlan } from './run-plan.js';

/**
 * Makes sure that the schema is what the first `count` migrations of a run leave behind: as the transaction that is open
 * sees it, or `alone` in one of its own.
 *
 * @returns the differences that are no reason to refuse
 * @throws Failure `differs`
 */
export async function checkSchema(
  connection: Connection,
  plan: RunPlan,
  count: number,
  alone: boolean,
): Promise<readonly Difference[]> {
  const live = await readSchema(connection, plan.project.names, alone ? plan.lockTimeout : undefined);
  const { failing, warnings } = compare(plan.expectedAfter(count), live, plan.strict);
  const { name = null } = plan.migrations[count - 1] ?? {};
  if (failing.length > 0)
    throw failure('differs', 'differs', [name, plan.direction, failing], { differences: failing });
  return warnings;
}
