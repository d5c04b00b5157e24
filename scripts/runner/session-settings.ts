import pg from 'pg';
import { sessionOf, type Connection } from '../database/connection.js';
import { failure } from '../report/errors.js';
import type { Context } from './context.js';

/** Undoes every `SET`, `SET ROLE` and `set_config` of a session, and drops its temporary tables. */
export const RESET = 'RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP;';

/** Keeps the server from ending a transaction that only waits. PostgreSQL has the second setting since 17. */
export const noTimeouts = ({ serverVersion }: Connection) =>
  `SET LOCAL idle_in_transaction_session_timeout = 0;
${Number.parseInt(serverVersion, 10) < 17 ? '' : 'SET LOCAL transaction_timeout = 0;'}`;

/** The schemas of the settings file, as SQL. */
export const searchPath = (schemas: readonly string[]) =>
  schemas.map((schema) => pg.escapeIdentifier(schema)).join(', ');

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
SET LOCAL lock_timeout = '${options.lockTimeout}ms';
SET LOCAL statement_timeout = '${options.statementTimeout}ms';
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL standard_conforming_strings = on;`;

/** The role or the database may have another level as its default, or be read-only. */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;';

/** A statement that begins or ends a transaction (manual, part VI). */
export const TRANSACTION_CONTROL =
  /^(?:\s|--.*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK(?!(?:\s+(?:WORK|TRANSACTION))?\s+TO\b)|ABORT|PREPARE\s+TRANSACTION)\b/i;

/** Whether a statement changes the session beyond its own transaction. Texts and comments in it do not matter. */
export const changesSession = (sql: string) =>
  SESSION_STATE.test(sql.replaceAll(/'(?:[^']|'')*'|--.*|\/\*(?:[^*]|\*(?!\/))*\*\//g, ' '));
const SESSION_STATE =
  /(?:^|;)\s*(?:SET(?!\s+(?:LOCAL|CONSTRAINTS|TRANSACTION)\b)|CREATE\s+TEMP|PREPARE|LISTEN)|\b(?:set_config|pg_advisory_lock)/i;

/**
 * Outside a transaction `SET LOCAL` has no effect, so an unqualified name could mean another schema. Sets search_path
 * for the session, until the next {@link RESET}.
 *
 * @throws Failure `unavailable` behind a pooler, which would not keep it, unless the role has the same search_path
 * @returns whether the connection is one to a pooler
 */
export async function leaveTransaction(
  { query, client }: Connection,
  schemas: readonly string[],
  file: string,
): Promise<boolean> {
  const names = schemas.map((schema) => pg.escapeLiteral(schema)).join();
  const [result] = await query(`SELECT pg_backend_pid() AS pid, quote_ident(current_user) AS role,
    current_schemas(false) = (SELECT array_agg(n.nspname ORDER BY place)
      FROM unnest(ARRAY[${names}]) WITH ORDINALITY s(name, place) JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
      WHERE has_schema_privilege(n.oid, 'USAGE')) AS same`);
  const { pid, role, same } = result?.rows[0] as {
    pid: number;
    role: string;
    same: boolean | null;
  };
  const path = searchPath(schemas);
  const isPooled = pid !== sessionOf(client).processID;
  if (!isPooled) await query(`SET search_path = ${path}`);
  else if (same !== true) throw failure('pooled-search-path', [file, role, path]);
  return isPooled;
}
