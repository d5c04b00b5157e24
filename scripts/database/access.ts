import pg from 'pg';
import type { Settings } from '../settings.js';
import type { Names } from '../schema/model.js';

/** A table or function, and what the role of a connection may do with it. Names are quoted where they need it. */
export interface Owned {
  readonly owner: string;
  /** Whether the role owns it, or is a member of the role that does. */
  readonly member: boolean;
  /** Whether it was made a member of that role, be it without inheriting what that may do. */
  readonly granted: boolean;
  readonly isSuperuser: boolean;
  readonly references?: boolean;
}

/** What the role of a connection may do, and on what kind of server. */
export interface Access {
  readonly role: string;
  readonly database: string;
  /** A standby, or a role whose transactions are read-only. */
  readonly recovery: boolean;
  readonly readOnly: boolean;
  /** By their names, without quotes. */
  readonly schemas: Readonly<Record<string, { readonly usage: boolean; readonly create: boolean }>>;
  /** Of the objects that were asked for. */
  readonly owned: Readonly<Record<string, Owned>>;
  /** The migrations table, if there is one; `hides` where row security would keep rows of it from the role. */
  readonly ledger:
    | (Owned & { readonly read: boolean; readonly hides: boolean; readonly write: boolean; readonly hashed: boolean })
    | null;
}

const OWNER = (owner: string) => `'owner', ${owner}::regrole, 'member', pg_has_role(${owner}, 'USAGE'),
  'granted', pg_has_role(${owner}, 'MEMBER'), 'isSuperuser',
  (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.oid = ${owner})`;

/** A name as SQL takes it, with quotes only where it needs them. */
export const identifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : pg.escapeIdentifier(name);

/** An SQL literal. `pg` goes through a text sign by sign, which takes a while with a thousand names. */
export const quote = (text: string): string => (/['\\]/.test(text) ? pg.escapeLiteral(text) : `'${text}'`);

/** Names, as rows of key, schema and name. */
const rowsOf = (keys: readonly string[] = []): string =>
  `(SELECT k.key, p.parts[1]::name AS space, p.parts[2]::name AS name
      FROM json_array_elements_text(${quote(JSON.stringify(keys))}) AS k(key), parse_ident(k.key, false) AS p(parts)) k
    JOIN pg_catalog.pg_namespace n ON n.nspname = k.space`;

const OWNED = ({ tables, functions }: Names): string => `(SELECT coalesce(json_object_agg(o.key, o.access), '{}') FROM (
      SELECT k.key, json_build_object(${OWNER('c.relowner')}, 'references', has_table_privilege(c.oid, 'REFERENCES')) AS access
      FROM ${rowsOf(tables)} JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = k.name AND c.relkind <> 'i'
      UNION ALL SELECT k.key, json_build_object(${OWNER('p.proowner')})
      FROM ${rowsOf(functions)} JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid AND p.proname = k.name) o)`;

/**
 * One row, one JSON column: {@link Access}, in the words of the access privilege functions (manual, 9.27.2).
 *
 * @param names of the tables and functions whose owners are asked for; only a run that has something to do needs them
 */
export function accessQuery({ migrationsSchema, migrationsTable }: Settings, names: Names | undefined): string {
  return `SELECT json_build_object(
    'role', quote_ident(current_user), 'database', current_database(), 'recovery', pg_is_in_recovery(),
    'readOnly', current_setting('default_transaction_read_only') = 'on',
    'schemas', (SELECT coalesce(json_object_agg(n.nspname, json_build_object('usage', has_schema_privilege(n.oid, 'USAGE'),
        'create', has_schema_privilege(n.oid, 'CREATE'))), '{}')
      FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'),
    'owned', ${names === undefined ? "'{}'::json" : OWNED(names)},
    'ledger', (SELECT json_build_object(${OWNER('c.relowner')}, 'read', has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
          AND NOT row_security_active(c.oid),
        'hides', row_security_active(c.oid),
        'write', has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class q ON q.oid = d.objid
            WHERE d.refobjid = c.oid AND CASE q.relkind WHEN 'S' THEN NOT has_sequence_privilege(q.oid, 'USAGE') END),
        'hashed', EXISTS (SELECT FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = c.oid AND a.attname = 'effect_hash' AND NOT a.attisdropped))
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ${pg.escapeLiteral(migrationsSchema)} AND c.relname = ${pg.escapeLiteral(migrationsTable)})) AS access`;
}
