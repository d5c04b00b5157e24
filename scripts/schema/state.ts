import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type QueryResult } from 'pg';
import type { Connection } from '../database/connection.js';
import { isOvertaken, sqlstateOf } from '../database/pg-errors.js';
import { failure } from '../report/errors.js';
import { factsQuery, READ_SETTINGS, wantedObjects } from './catalog.js';
import type { Facts } from './effects.js';

/** What to read. */
export interface StateQuery {
  /** Of the migrations table: its schema and name, and both as SQL. */
  readonly table: { readonly schema: string; readonly name: string; readonly sql: string };
  /** The objects whose facts are read. */
  readonly objects: readonly string[];
  /** How long the query waits for a table lock, as PostgreSQL takes it. */
  readonly lockTimeout: string;
  /** Whether to read who owns the objects, too. */
  readonly withOwners?: boolean;
}

/** A row of the migrations table. */
export interface AppliedRow {
  readonly name: string;
  /** A local time, as the server printed it. */
  readonly run_on: string;
}

/** An owner of something, and what the role of the connection has of it. */
export interface Ownership {
  readonly object: string;
  readonly owner: string;
  /** Whether the role is the owner, or inherits what the owner may do. */
  readonly owns: boolean;
  /** Whether the role is a member of the owner, also where it does not inherit. */
  readonly isMember: boolean;
  readonly isSuperuser: boolean;
  readonly mayReference: boolean | null;
}

/** What a command has to know of a database before it decides anything. */
export interface State {
  readonly rows: readonly AppliedRow[];
  readonly facts: Facts;
  readonly server: {
    readonly role: string;
    readonly isStandby: boolean;
    readonly isReadOnly: boolean;
  };
  /** Of the migrations table, where there is one. */
  readonly table:
    | (Ownership & {
        readonly canRead: boolean;
        readonly canWrite: boolean;
        readonly hidesRows: boolean;
      })
    | undefined;
  readonly schemas: ReadonlyMap<string, { readonly canUse: boolean; readonly canCreate: boolean }>;
  /** By object; only where it was asked for. */
  readonly owners: ReadonlyMap<string, Ownership>;
}

const RETRIES = 5;
const PAUSE = 100;

/**
 * Reads the state in one round trip: in a read-only transaction of its own, or in the transaction that is open, whose
 * deferred triggers run before. After that, nothing but COMMIT or ROLLBACK may follow there. It takes a second round trip
 * where there is no migrations table yet; one that the role may not read has no rows, and `table` says so.
 *
 * @throws Failure `usage` where another tool has a table with that name
 */
export async function readState(connection: Connection, query: StateQuery): Promise<State> {
  const isOpen = connection.client.getTransactionStatus() === 'T';
  const rows = `SELECT m.name, m.run_on::text FROM ${query.table.sql} m ORDER BY m.run_on, m.id, m.name`;
  if (isOpen)
    return stateFrom(
      await connection.query(
        `SET CONSTRAINTS ALL IMMEDIATE; ${READ_SETTINGS} ${statements(query, rows)}`,
      ),
    );
  for (let retries = 0; ; retries++)
    try {
      return await readAlone(connection, query, rows);
    } catch (error) {
      await connection.query('ROLLBACK').catch(() => undefined);
      if (!isOvertaken(error) || retries === RETRIES) throw error;
      await sleep(PAUSE);
    }
}

async function readAlone(connection: Connection, query: StateQuery, rows: string): Promise<State> {
  const lockTimeout = `SET LOCAL lock_timeout = ${pg.escapeLiteral(query.lockTimeout)};`;
  const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${lockTimeout} ${READ_SETTINGS}`;
  try {
    return stateFrom(await connection.query(`${begin} ${statements(query, rows)} COMMIT`));
  } catch (error) {
    const sqlstate = sqlstateOf(error) ?? '';
    if (sqlstate === '42703')
      throw failure('usage', 'foreign-table', [query.table.sql, (error as Error).message]);
    if (!['42P01', '3F000', '42501'].includes(sqlstate)) throw error;
    const none = 'SELECT NULL AS name, NULL AS run_on WHERE false';
    return stateFrom(
      await connection.query(`ROLLBACK; ${begin} ${statements(query, none)} COMMIT`),
    );
  }
}

const ownership = (
  owner: string,
): string => `${owner}::regrole::text AS owner, pg_has_role(${owner}, 'USAGE') AS owns,
  pg_has_role(${owner}, 'MEMBER') AS "isMember", (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = ${owner}) AS "isSuperuser"`;

const SERVER = `SELECT quote_ident(current_user) AS role, pg_is_in_recovery() AS "isStandby",
  current_setting('default_transaction_read_only') = 'on' AS "isReadOnly"`;

const SCHEMAS = `SELECT n.nspname AS name, has_schema_privilege(n.oid, 'USAGE') AS "canUse", has_schema_privilege(n.oid, 'CREATE') AS "canCreate"
  FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** `USAGE` of the table's sequence is needed to insert a row. */
const tableQuery = ({
  schema,
  name,
}: StateQuery['table']): string => `SELECT ${pg.escapeLiteral(name)} AS object, ${ownership('c.relowner')},
    NULL::boolean AS "mayReference", row_security_active(c.oid) AS "hidesRows",
    has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AND NOT row_security_active(c.oid) AS "canRead",
    has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE') AND NOT EXISTS (
      SELECT FROM pg_depend d JOIN pg_class q ON q.oid = d.objid
      WHERE d.refobjid = c.oid AND CASE q.relkind WHEN 'S' THEN NOT has_sequence_privilege(q.oid, 'USAGE') END) AS "canWrite"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = ${pg.escapeLiteral(schema)} AND c.relname = ${pg.escapeLiteral(name)}`;

const ownersQuery = (
  objects: readonly string[],
): string => `${wantedObjects({ objects }, pg.escapeLiteral)}
  SELECT w.object, ${ownership('o.owner')}, CASE w.class WHEN 'pg_class'::regclass THEN has_table_privilege(w.oid, 'REFERENCES') END AS "mayReference"
  FROM wanted w, LATERAL (SELECT coalesce((SELECT c.relowner FROM pg_class c WHERE w.class = 'pg_class'::regclass AND c.oid = w.oid),
    (SELECT p.proowner FROM pg_proc p WHERE w.class = 'pg_proc'::regclass AND p.oid = w.oid),
    (SELECT t.typowner FROM pg_type t WHERE w.class = 'pg_type'::regclass AND t.oid = w.oid),
    (SELECT e.extowner FROM pg_extension e WHERE e.oid = w.oid)) AS owner) o`;

const statements = ({ table, objects, withOwners = false }: StateQuery, rows: string): string =>
  [
    rows,
    factsQuery({ objects }, pg.escapeLiteral),
    SERVER,
    tableQuery(table),
    SCHEMAS,
    withOwners ? ownersQuery(objects) : 'SELECT NULL WHERE false',
  ]
    .map((statement) => `${statement};`)
    .join('\n');

function stateFrom(results: readonly QueryResult[]): State {
  const selected = results
    .filter(({ command }) => command === 'SELECT')
    .map(({ rows }) => rows as unknown[]);
  const [rows = [], facts = [], server = [], table = [], schemas = [], owners = []] = selected;
  const byName = (schemas as ({ name: string } & { canUse: boolean; canCreate: boolean })[]).map(
    (schema) => [schema.name, schema] as const,
  );
  return {
    rows: rows as AppliedRow[],
    facts: factsFrom(facts as FactRow[]),
    server: server[0] as State['server'],
    table: table[0] as State['table'],
    schemas: new Map(byName),
    owners: new Map((owners as Ownership[]).map((owner) => [owner.object, owner])),
  };
}

interface FactRow {
  readonly object: string;
  readonly part: string;
  readonly definition: string;
}

/** Rows of the facts query, as facts. */
export function factsFrom(rows: readonly FactRow[]): Facts {
  const facts = new Map<string, Map<string, string>>();
  for (const { object, part, definition } of rows) {
    const parts = facts.get(object) ?? new Map<string, string>();
    facts.set(object, parts.set(part, definition));
  }
  return facts;
}
