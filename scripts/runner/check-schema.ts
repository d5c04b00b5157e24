import type { Connection } from '../database/connection.js';
import { expectedAt, type Project } from '../project/project.js';
import { appliedCount } from '../project/version.js';
import { compare, type Comparison } from '../schema/compare.js';
import { readState, type State } from '../schema/state.js';
import { tableOf, type Context } from './context.js';

/** The answer of the check: where the database is, and whether its schema is what is expected there. */
export interface SchemaCheck extends Comparison {
  readonly state: State;
  /** How many migrations are applied, as the migrations table says. */
  readonly count: number;
}

/**
 * Compares the live schema with the one that is expected at the version the migrations table claims. `check`, `status`,
 * an `up` with nothing to do, and every commit of a run ask this one function. In an open transaction it sees what the
 * transaction has done, the row of its own migration included.
 *
 * @param startedAt how many migrations were applied when this run began: what it has reverted since must be gone
 * @throws Failure `usage` where the migrations table contradicts the files
 */
export async function checkSchema(
  connection: Connection,
  context: Context,
  startedAt = 0,
): Promise<SchemaCheck> {
  const state = await readStateOf(connection, context);
  return { state, ...(await compareState(context, state, startedAt)) };
}

/** The state of the objects that the project names. */
export const readStateOf = (
  connection: Connection,
  { project, options }: Context,
  withOwners = false,
): Promise<State> =>
  readState(connection, {
    table: tableOf(project.settings),
    objects: project.objects,
    lockTimeout: options.lockTimeout,
    withOwners,
  });

/** Compares a state that was read before. */
export async function compareState(
  {
    project,
    options,
  }: { readonly project: Project; readonly options: { readonly strict: boolean } },
  state: State,
  startedAt = 0,
): Promise<Omit<SchemaCheck, 'state'>> {
  const count = appliedCount(project, state.rows);
  const expected = expectedAt(project, count, Math.max(startedAt - count, 0));
  return { count, ...(await compare(expected, state.facts, options.strict)) };
}
