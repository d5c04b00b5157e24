import type { Connection } from '../database/connection.ts';
import { failure } from '../report/errors.ts';
import type { Attempt, Context } from './context.ts';

/**
 * Undoes every `SET`, `SET ROLE` and `set_config` of a session, and drops its temporary tables. Closes its
 * cursors, because COMMIT would run the query of a cursor WITH HOLD after the check. Sets the encoding that
 * `pg` needs: behind a pooler, RESET ALL sets another one.
 */
export const RESET = `RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; SET client_encoding = 'UTF8';
CLOSE ALL; DISCARD TEMP;`;

/** Turns off the timeouts that end idle transactions and, since PostgreSQL 17, long transactions. */
export const noTimeouts = ({ serverVersion }: Connection) =>
  `SET LOCAL idle_in_transaction_session_timeout = 0;
${Number.parseInt(serverVersion, 10) < 17 ? '' : 'SET LOCAL transaction_timeout = 0;'}`;

/** The settings of a run. After each migration, which may have changed them, the run sends them again. */
export const runSettings = ({ options, settings }: Context) => `${RESET}
SET LOCAL search_path = ${settings.searchPath};
SET LOCAL lock_timeout = '${options.lockTimeout}ms';
SET LOCAL statement_timeout = '${options.statementTimeout}ms';
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL standard_conforming_strings = on;`;

/** Begins a transaction. Names its modes, because a role or a database may have other defaults. */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;';
/**
 * If sent first, makes a transaction read-only, with one snapshot. Names the isolation level, because a
 * transaction with the default SERIALIZABLE DEFERRABLE could wait for others.
 */
export const READ_ONLY = 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;';

/**
 * Sets the session up for a migration outside a transaction. `SET LOCAL` has no effect there, so search_path
 * is set for the session. Behind a pooler, other clients would get this setting. So nothing is set: the run
 * fails if the role's own search_path is not the right one. It also fails if a pooler now leads to another
 * server than the one with the run lock.
 *
 * @returns true behind a pooler, which may send each statement to another session of the server
 */
export async function setUpSession({ connection, isHeld, settings }: Attempt, file: string) {
  const { client, query } = connection;
  const { searchPath } = settings;
  const results = await query(`
    SELECT pg_backend_pid() AS pid, current_schemas(false)::text AS names, ${isHeld} AS locked,
      pg_catalog.format('%I IN DATABASE %I', session_user, current_database()) AS role;
    SET LOCAL search_path = ${searchPath}; SELECT current_schemas(false)::text AS names`);
  type Row = Readonly<Record<'pid' | 'role' | 'names' | 'locked', string>>;
  const [own, wanted] = results.flatMap(({ rows }) => rows as Row[]);
  if (own?.locked !== 't') throw failure('run-lock-lost', []);
  const isPooled = own.pid !== String(client.processID); // A pooler sends an id of its own.
  if (!isPooled) await query(`SET search_path = ${searchPath}`);
  else if (own.names !== wanted?.names)
    throw failure('pooled-search-path', [file, own.role, searchPath]);
  return isPooled;
}
