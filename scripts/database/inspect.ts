import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type QueryResult } from 'pg';
import { failure, sqlstateOf } from '../errors.js';
import { ledgerTitle, type LedgerRow } from '../ledger.js';
import type { Project } from '../project.js';
import { catalogQuery, READ_SETTINGS } from '../schema/catalog.js';
import type { Names, Schema } from '../schema/model.js';
import { isNormal, normalize } from '../schema/normalize.js';
import { accessQuery, quote, type Access } from './access.js';
import type { Connection } from './connection.js';
import { isOvertaken } from './trouble.js';

/** What a run has to know of a database before it decides anything. */
export interface Inspection {
  readonly ledger: readonly LedgerRow[];
  readonly live: Schema;
  readonly access: Access;
}

/** With row security `off`, so that a policy which hides rows of the migrations table is an error and not an empty table. */
const beginReading = (lockTimeout: string): string =>
  `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off; SET LOCAL lock_timeout = ${pg.escapeLiteral(lockTimeout)}; ${READ_SETTINGS}`;

/** Reads the live schema in one round trip, in a transaction of its own with this lock timeout. */
export async function readSchema(connection: Connection, names: Names, lockTimeout: string): Promise<Schema> {
  const results = await connection.query(`${beginReading(lockTimeout)} ${catalogQuery(names, quote)}; COMMIT`);
  return schemaFrom(rowsOf(results)[0] as CatalogRow);
}

/**
 * Reads in one round trip what the open transaction is about to commit: the schema, and the names in the migrations table. It keeps
 * another `search_path`: call it where nothing but `COMMIT` or `ROLLBACK` follows. What its deferred triggers would do at the commit,
 * they do before the look.
 */
export async function readUncommitted(
  connection: Connection,
  { names, settings }: Project,
): Promise<{ readonly live: Schema; readonly applied: readonly string[] }> {
  const ledger = `SELECT coalesce(json_agg(name), '[]') AS applied FROM ${settings.ledgerName}`;
  const results = await connection.query(
    `SET CONSTRAINTS ALL IMMEDIATE; ${READ_SETTINGS} ${ledger}; ${catalogQuery(names, quote)}`,
  );
  const [{ applied }, catalog] = rowsOf(results) as [{ applied: string[] }, CatalogRow];
  return { live: schemaFrom(catalog), applied };
}

/** What {@link inspect} is to look at, and what is known already. */
export interface InspectOptions {
  /** How long a look waits for a table lock, as PostgreSQL takes it. */
  readonly lockTimeout: string;
  /** Whether it is asked, too, who owns what the effects name: before anything is run. */
  readonly withOwners?: boolean;
  /** Whether there was no migrations table a moment ago. */
  readonly noLedger?: boolean;
}

/** How often a look is taken again that a commit of another session has overtaken, and how many milliseconds later. */
const LOOKS_AGAIN = 5;
const PAUSE = 100;

/** What {@link look} reads, also where another session drops objects meanwhile. */
export async function inspect(connection: Connection, project: Project, options: InspectOptions): Promise<Inspection> {
  for (let again = 0; ; again++)
    try {
      return await look(connection, project, options);
    } catch (error) {
      if (!isOvertaken(error) || again === LOOKS_AGAIN) throw error;
      await sleep(PAUSE);
    }
}

/**
 * Reads all that a run has to know, in one round trip and a read-only transaction of its own; two where a migrations
 * table is there or not there against what is known. One that the role may not read looks empty: the access says so.
 */
async function look(
  connection: Connection,
  project: Project,
  { lockTimeout, withOwners = false, noLedger = false }: InspectOptions,
): Promise<Inspection> {
  const { settings, names } = project;
  const rest = `${accessQuery(settings, withOwners ? names : undefined)}; ${catalogQuery(names, quote)}`;
  const read = `SELECT coalesce(json_agg(m ORDER BY m.run_on, m.id, m.name), '[]') AS rows FROM ${settings.ledgerName} m`;
  const ask = async (ledger: string, first = ''): Promise<Inspection> => {
    const asked = connection.query(`${first} ${beginReading(lockTimeout)} ${ledger}; ${rest}; COMMIT`);
    project.anticipate();
    return inspectionFrom(await asked);
  };
  const rollback = async (error: unknown): Promise<never> => {
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  };
  try {
    if (!noLedger) return await ask(read);
    const inspection = await ask(NO_LEDGER);
    return inspection.access.ledger === null ? inspection : await ask(read);
  } catch (error) {
    if (sqlstateOf(error) === '42703')
      return await rollback(failure('usage', 'ledger-foreign', [ledgerTitle(settings), (error as Error).message]));
    // No migrations table yet, or one that may not be read: the rest is worth knowing all the same.
    if (!['42P01', '3F000', '42501'].includes(sqlstateOf(error) ?? '')) return await rollback(error);
    return await ask(NO_LEDGER, 'ROLLBACK;').catch(rollback);
  }
}

const NO_LEDGER = "SELECT '[]'::json AS rows";

function inspectionFrom(results: readonly QueryResult[]): Inspection {
  const [ledger, rights, catalog] = rowsOf(results) as [{ rows: LedgerRow[] }, { access: Access }, CatalogRow];
  return { ledger: ledger.rows, access: rights.access, live: schemaFrom(catalog) };
}

/** The first row of each `SELECT`. */
const rowsOf = (results: readonly QueryResult[]): unknown[] =>
  results.filter(({ command }) => command === 'SELECT').map(({ rows }) => rows[0] as unknown);

interface CatalogRow {
  readonly catalog: string;
}

function schemaFrom({ catalog }: CatalogRow): Schema {
  const schema = JSON.parse(catalog) as Schema;
  return isNormal(catalog) ? schema : normalize(schema);
}
