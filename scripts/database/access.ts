import pg from 'pg';
import type { Project } from '../project.js';

/** What the role of a connection may do, and on what kind of server. */
export interface Access {
  readonly role: string;
  readonly database: string;
  /** A standby, or a server that is read-only otherwise. */
  readonly recovery: boolean;
  readonly readOnly: boolean;
  readonly schemas: Readonly<Record<string, { readonly usage: boolean; readonly create: boolean }>>;
  /** Of the tables and functions that exist: whether the role owns them (or is a member of the owner). */
  readonly owned: Readonly<
    Record<
      string,
      { readonly owner: string; readonly member: boolean; readonly references?: boolean; readonly write?: boolean }
    >
  >;
  /** Whether the migrations table has its column for the hash of an effect. */
  readonly hashed: boolean;
}

/** The names in an object's section, read by {@link accessQuery}. */
const keysOf = (project: Project, section: 'tables' | 'functions'): string[] => [
  ...new Set(
    [project.prerequisites, ...project.migrations.map(({ effect }) => effect)].flatMap((effect) =>
      Object.keys(effect[section] ?? {}),
    ),
  ),
];

/** One row, one JSON column: {@link Access}, in the words of the access privilege functions (manual, 9.27.2). */
export const accessQuery = (project: Project): string => {
  const { settings } = project;
  const tables = pg.escapeLiteral(JSON.stringify([...keysOf(project, 'tables'), settings.ledgerName]));
  const functions = pg.escapeLiteral(JSON.stringify(keysOf(project, 'functions')));
  const identifiers = (literal: string) =>
    `(SELECT k.key, (parse_ident(k.key, false))[1]::name AS space, (parse_ident(k.key, false))[2]::name AS name
      FROM json_array_elements_text(${literal}) AS k(key)) k JOIN pg_catalog.pg_namespace n ON n.nspname = k.space`;
  return `SELECT json_build_object(
    'role', current_user, 'database', current_database(), 'recovery', pg_is_in_recovery(),
    'readOnly', current_setting('default_transaction_read_only') = 'on',
    'schemas', (SELECT json_object_agg(n.nspname, json_build_object('usage', has_schema_privilege(n.oid, 'USAGE'),
        'create', has_schema_privilege(n.oid, 'CREATE')))
      FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'),
    'owned', (SELECT coalesce(json_object_agg(o.key, json_build_object('owner', o.owner::regrole, 'member',
        pg_has_role(o.owner, 'USAGE'), 'references', o.refer, 'write', o.write)), '{}') FROM (
      SELECT k.key, c.relowner AS owner, has_table_privilege(c.oid, 'REFERENCES') AS refer,
        has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE') AS write
      FROM ${identifiers(tables)} JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = k.name AND c.relkind <> 'i'
      UNION ALL SELECT k.key, p.proowner, NULL, NULL FROM ${identifiers(functions)}
      JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid AND p.proname = k.name) o),
    'hashed', EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ${pg.escapeLiteral(settings.migrationsSchema)}
      AND c.relname = ${pg.escapeLiteral(settings.migrationsTable)} AND a.attname = 'effect_hash' AND NOT a.attisdropped)) AS access`;
};
