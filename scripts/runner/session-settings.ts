import pg from 'pg';
import type { Context } from './context.js';

/** Undoes every `SET`, `SET ROLE` and `set_config` of a session. */
export const RESET = 'RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL;';

/** Keeps the server from ending a transaction that only waits. Some servers do not know both settings. */
export const NO_TIMEOUTS = `SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings
  WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout');`;

/** The schemas of the settings file, and temporary tables last. */
export const searchPath = (schemas: readonly string[]) =>
  [...schemas, 'pg_temp'].map((schema) => pg.escapeIdentifier(schema)).join(', ');

/**
 * The settings of a run, for the open transaction. They are made at BEGIN and again after each migration,
 * so that every migration starts from the same ones, and nothing that one has SET reaches the next, or
 * another client of a pooler.
 */
export const runSettings = ({
  options,
  settings,
}: Pick<Context, 'options' | 'settings'>) => `${RESET}
SET LOCAL search_path = ${searchPath(settings.schemas)};
SET LOCAL lock_timeout = '${options.lockTimeout}';
SET LOCAL statement_timeout = '${options.statementTimeout}';
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL standard_conforming_strings = on;`;

/** The role or the database may have another level as its default, or be read-only. */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;';
