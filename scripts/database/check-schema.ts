import { failure } from '../errors.js';
import { ledgerAfter, ledgerTitle } from '../ledger.js';
import { compare, type Difference } from '../schema/compare.js';
import type { Schema } from '../schema/model.js';
import type { Connection } from './connection.js';
import { readSchema, readUncommitted } from './inspect.js';
import type { RunPlan } from './run-plan.js';

/**
 * Makes sure that what the open transaction is about to commit is what the first `count` migrations of a run leave behind:
 * the schema, and the rows of the migrations table, which say at which version the schema is.
 *
 * @returns the differences that are no reason to refuse
 * @throws Failure `differs`; `failed` where a migration wrote to the migrations table itself
 */
export async function checkUncommitted(
  connection: Connection,
  plan: RunPlan,
  count: number,
): Promise<readonly Difference[]> {
  const { live, applied } = await readUncommitted(connection, plan.project);
  const warnings = check(plan, live, count);
  const expected = new Set(ledgerAfter(plan.ledger, plan.direction, count).applied.map(({ name }) => name));
  const unexpected = applied.filter((name) => !expected.delete(name));
  if (unexpected.length + expected.size > 0)
    throw failure('failed', 'ledger-rewritten', [ledgerTitle(plan.project.settings), unexpected, [...expected]]);
  return warnings;
}

/** The same for the schema alone, as all sessions see it. */
export async function checkCommitted(
  connection: Connection,
  plan: RunPlan,
  count: number,
): Promise<readonly Difference[]> {
  return check(plan, await readSchema(connection, plan.project.names, plan.lockTimeout), count);
}

function check(plan: RunPlan, live: Schema, count: number): readonly Difference[] {
  const { project, ledger, direction, strict } = plan;
  const version = ledgerAfter(ledger, direction, count).applied.length;
  const expected = project.expectedAt(version, direction === 'up' ? 0 : count);
  const { failing, warnings } = compare(expected, live, strict);
  const { name = null } = plan.migrations[count - 1] ?? {};
  if (failing.length > 0) throw failure('differs', 'differs', [name, direction, failing], { differences: failing });
  return warnings;
}
