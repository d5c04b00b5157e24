import pg from 'pg';
import type { Context } from './context.js';

/** Undoes every `SET`, `SET ROLE` and `set_config` of a session, also those that are to outlive the transaction. */
export const RESET = 'RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;';

/** Timeouts that would end a transaction which only waits. Those that this server does not know are left out. */
export const NO_TIMEOUTS = `SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings WHERE name IN
  ('idle_in_transaction_session_timeout', 'transaction_timeout');`;

/** The schemas of the settings file, and temporary tables last, as a value of search_path. */
export const searchPath = (schemas: readonly string[]): string =>
  [...schemas, 'pg_temp'].map((schema) => pg.escapeIdentifier(schema)).join(', ');

/**
 * The settings of a run, for the open transaction. They are made at BEGIN and again after each migration, so that every
 * migration starts from the same ones, and none reaches another client of a pooler.
 */
export const runSettings = ({
  options,
  settings,
}: Pick<Context, 'options' | 'settings'>): string => `${RESET}
SET LOCAL search_path = ${searchPath(settings.schemas)};
SET LOCAL lock_timeout = ${pg.escapeLiteral(options.lockTimeout)};
SET LOCAL statement_timeout = ${pg.escapeLiteral(options.statementTimeout)};
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL standard_conforming_strings = on;`;

/** At another level, or read-only, where the role or the database says so, a run would not see or do what it must. */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;';
