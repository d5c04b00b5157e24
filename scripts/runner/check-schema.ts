import type { QueryResult } from 'pg';
import { sqlstateOf } from '../database/pg-errors.ts';
import { appliedCount } from '../project/version.ts';
import { failure } from '../report/errors.ts';
import { factsQuery, READ_SETTINGS, wantedObjects } from '../schema/catalog.ts';
import { compare } from '../schema/compare.ts';
import { expectedAt, type Facts } from '../schema/effects.ts';
import type { Connected } from './context.ts';
import { refuseProblems } from './preflight.ts';
import { READ_ONLY } from './session-settings.ts';
import { withRetries } from './table-locks.ts';

/** What the check has read, how many migrations are applied, and the differences that the check found. */
export type SchemaCheck = Awaited<ReturnType<typeof checkSchema>>;

/**
 * Reads the version from the migrations table, and compares the live schema with the expected schema at that
 * version. If a transaction is open, the check reads in it, and changes its settings to READ_SETTINGS. After
 * that, send only COMMIT or ROLLBACK.
 *
 * @param countBefore how many migrations were applied when the attempt began. What `down` has reverted
 *   since then must be gone
 * @throws Failure `usage` if the migrations table contradicts the files
 */
export async function checkSchema(connected: Connected, countBefore = 0) {
  const { project, options } = connected;
  const state = await readState(connected);
  const count = appliedCount(project, state.rows);
  const expected = expectedAt(project, count, Math.max(countBefore - count, 0));
  return { ...state, count, ...(await compare(expected, state.facts, options.strict)) };
}

/** Calls {@link checkSchema} with retries (see {@link withRetries}). No transaction may be open. */
export const checkWithRetries = (connected: Connected) =>
  withRetries(connected, () => checkSchema(connected));

/**
 * Reads the rows of the migrations table, if there is one, and the live schema. Sends one message, which is a
 * transaction if none is open. If the role may not read them, the failure lists all missing privileges.
 */
async function readState(connected: Connected) {
  const { connection, options, project, settings } = connected;
  const isInTransaction = connection.client.getTransactionStatus() === 'T';
  const modes = `${READ_ONLY} SET LOCAL lock_timeout = '${options.lockTimeout}ms';`;
  // Another role may have created a view in the place of the table. Its functions would run as this role, so
  // TABLESAMPLE refuses a view. `run_on::text` could call the cast of a type of that role; `concat` calls none.
  const rowsQuery = `SELECT m.name, concat(m.run_on) AS run_on FROM ${settings.tableName} m
    TABLESAMPLE SYSTEM (100)`;
  const facts = factsQuery(wantedObjects(project.objects));
  const read = async (hasTable: boolean) => {
    const reads = `${READ_SETTINGS} ${hasTable ? rowsQuery : 'SELECT WHERE false'}; ${facts}`;
    const results = await connection.query(isInTransaction ? reads : `${modes} ${reads}`);
    const [applied, live] = results.slice(-2);
    const rows = (applied?.rows ?? []) as Readonly<Record<'name' | 'run_on', string>>[];
    return { rows, facts: factsFrom(live), hasTable };
  };
  try {
    return await read(true);
  } catch (error) {
    if (isInTransaction) throw error;
    const sqlstate = sqlstateOf(error);
    // XX000 is "cache lookup failed": another session dropped an object during this read. Read again.
    if (sqlstate === 'XX000') return await read(true);
    if (sqlstate === '42P01') return await read(false); // The migrations table or its schema is missing.
    const reason = sqlstate === '0A000' ? 'it is not a table' : (error as Error).message;
    if (sqlstate === '42703' || sqlstate === '0A000')
      throw failure('foreign-table', [settings.tableName, reason]);
    if (sqlstate !== '42501') throw error;
    const state = { ...(await read(false)), hasTable: true };
    await refuseProblems(connected, project.migrations, state);
    throw error;
  }
}

/** Makes facts from the rows of {@link factsQuery}. */
export function factsFrom(result: QueryResult | undefined): Facts {
  const rows = (result?.rows ?? []) as Record<'object' | 'part' | 'definition', string>[];
  const facts = new Map<string, Map<string, string>>();
  for (const { object, part, definition } of rows)
    facts.set(object, (facts.get(object) ?? new Map<string, string>()).set(part, definition));
  return facts;
}
