import pg from 'pg';
import type { Direction } from '../ledger.js';
import type { Migration, Project } from '../project.js';

/** The statements of a run that are not the framework's: a plan writes down the same. */

/** `SET LOCAL`s for a transaction of a run. `transaction_timeout` is not known before PostgreSQL 17. */
export const beginStatement = (plan: {
  lockTimeout: string;
  statementTimeout: string;
  project: Project;
}): string => `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL search_path = ${plan.project.settings.searchPath};
SET LOCAL standard_conforming_strings = on;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = ${pg.escapeLiteral(plan.lockTimeout)};
SET LOCAL statement_timeout = ${pg.escapeLiteral(plan.statementTimeout)};`;

/** For a transaction that waits for files to be loaded: the server is not to end it. */
export const NO_IDLE_TIMEOUT = `SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings
  WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')`;

/** Marks a transaction, and what is true until it ends: a `COMMIT` and a `BEGIN` leave no other trace. */
export const MARK = `SET LOCAL workflow_migrations.run = 'this';`;
export const IS_MARKED = `coalesce(current_setting('workflow_migrations.run', true), '') = 'this'`;

/** Adds the column that holds what a migration was checked against. */
export const addHashColumn = (ledger: string): string =>
  `ALTER TABLE ${ledger} ADD COLUMN IF NOT EXISTS effect_hash varchar(32);`;

/**
 * Writes down that a migration ran upwards, as the framework does, and what it was checked against; strikes it out when it
 * ran downwards.
 *
 * @param condition where there is one, nothing is done unless it holds
 * @param hashed whether the migrations table has its column for the hash, which is added otherwise
 */
export function rowStatement(
  ledger: string,
  direction: Direction,
  { name, effectHash }: Migration,
  condition?: string,
  hashed = true,
): string {
  if (direction === 'down')
    return `DELETE FROM ${ledger} WHERE name='${name}'${condition === undefined ? '' : ` AND ${condition}`};`;
  const values = `'${name}', NOW(), '${effectHash}'`;
  const rows = condition === undefined ? `VALUES (${values})` : `SELECT ${values} WHERE ${condition}`;
  return `${hashed ? '' : addHashColumn(ledger)} INSERT INTO ${ledger} (name, run_on, effect_hash) ${rows};`.trim();
}

/** What makes a difference to the schema, so that an effect has to say something; also as one of several statements. */
export const CHANGE = /(?:^|;)(?:\s|--.*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:CREATE|ALTER|DROP)\b/i;

/** A migration has no business with these, inside the transaction of the run (manual, part VI). */
export const CONTROL =
  /^(?:\s|--.*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK(?!(?:\s+(?:WORK|TRANSACTION))?\s+TO\b)|ABORT|PREPARE\s+TRANSACTION)\b/i;
