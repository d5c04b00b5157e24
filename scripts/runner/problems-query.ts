import pg from 'pg';

/**
 * What the role needs, such as `['public.users', 'REFERENCES']`. The right is
 * - `OWNER`: the role must own the object
 * - `DROP`: the role must own the object or its schema
 * - `CREATE`: the role must have this privilege on the schema of the object, or on the database if the schema
 *   does not exist yet
 * - another privilege: the role must have it on the object
 */
export type Need = readonly [object: string, right: string];

/**
 * The query for what the database or the role lacks. Each row is a `Problem`, with its remedy.
 *
 * @param schema the schema of the migrations table
 * @param writes whether the command writes
 */
export function problemsQuery(needs: readonly Need[], schema: string, writes: boolean): string {
  const tableSchema = pg.escapeLiteral(schema);
  return `
  WITH need AS (
    SELECT DISTINCT n ->> 1 AS "right", parse_ident(name, false) AS parts, kind, name
    FROM json_array_elements(${pg.escapeLiteral(JSON.stringify(needs))}) AS n,
      coalesce(substring(n ->> 0 FROM '^[a-z]+ '), 'table ') AS kind,
      regexp_replace(n ->> 0, '^[a-z]+ ', '') AS name),
  -- The needed objects, and their schemas. The object may not exist; then its oid and owner are null.
  target AS (
    SELECT n."right", n.kind, n.name, c.oid, s.oid AS schema_oid, s.nspname, s.nspowner,
      upper(n.kind) || coalesce(c.oid::regclass::text, n.name) AS target,
      coalesce(c.relowner, f.proowner, t.typowner) AS owner
    FROM need n
      JOIN pg_namespace s ON s.nspname = n.parts[1]
      LEFT JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = n.parts[2]
        AND n.kind IN ('table ', 'sequence ')
      LEFT JOIN pg_proc f ON f.pronamespace = s.oid AND f.proname = n.parts[2]
        AND n.kind || n.name = 'function ' || f.oid::regprocedure
      LEFT JOIN pg_type t ON t.typnamespace = s.oid AND t.typname = n.parts[2]),
  lacking AS (
    SELECT format('%s ON %s', "right", target) AS privilege FROM target
    WHERE NOT CASE
      WHEN "right" IN ('OWNER', 'DROP', 'CREATE') THEN true
      WHEN "right" = 'REFERENCES' AND name IN (SELECT name FROM need WHERE "right" = 'OWNER') THEN true
      WHEN "right" IN ('REFERENCES', 'INSERT') THEN has_any_column_privilege(oid, "right")
      ELSE has_table_privilege(oid, "right") END
    UNION SELECT format('%s ON SCHEMA %I', r, nspname) FROM target, unnest(ARRAY['USAGE', 'CREATE']) AS r
    WHERE r IN ('USAGE', "right") AND NOT has_schema_privilege(schema_oid, r)
    UNION SELECT format('CREATE ON DATABASE %I', current_database()) FROM need
    WHERE "right" = 'CREATE' AND NOT has_database_privilege(current_database(), 'CREATE')
      AND parts[1] NOT IN (SELECT nspname FROM pg_namespace UNION SELECT ${tableSchema})
    UNION SELECT format('USAGE ON SEQUENCE %s', q.oid::regclass)
    FROM target t
      JOIN pg_depend d ON d.refobjid = t.oid AND d.deptype = 'a'
      JOIN pg_class q ON q.oid = d.objid
    WHERE t."right" = 'INSERT'
      AND CASE q.relkind WHEN 'S' THEN NOT has_sequence_privilege(q.oid, 'USAGE, UPDATE') END
    ORDER BY 1),
  of_others AS (
    SELECT *, owner::regrole AS owner_name FROM target
    WHERE NOT pg_has_role(owner, 'USAGE')
      AND ("right" = 'OWNER' OR "right" = 'DROP' AND NOT pg_has_role(nspowner, 'USAGE')))
  SELECT 'the server is a standby, which accepts no writes' AS problem,
    'connect to the primary server' AS remedy
  WHERE ${writes} AND pg_is_in_recovery()
  UNION ALL SELECT format('transactions of role %I are read-only', current_user),
    format('BEGIN READ WRITE; ALTER ROLE %I SET default_transaction_read_only = off; COMMIT;', current_user)
  WHERE ${writes} AND NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'on'
  UNION ALL SELECT format('schema %I is missing', s),
    format('CREATE SCHEMA %I AUTHORIZATION %I;', s, current_user)
  FROM (VALUES (${tableSchema})) AS v(s) WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = s)
  UNION ALL SELECT format('role %I lacks %s', current_user, privilege),
    format('GRANT %s TO %I;', privilege, current_user) FROM lacking
  UNION ALL SELECT format('role %I does not own %s%s; its owner is %s', current_user, kind, name, owner_name),
    CASE
      -- Nobody should become a member of a superuser. The owner of a column's sequence is that of the table.
      WHEN (SELECT rolsuper FROM pg_roles r WHERE r.oid = owner)
      THEN format('ALTER %s OWNER TO %I;', coalesce((
          SELECT 'TABLE ' || d.refobjid::regclass FROM pg_depend d
          WHERE kind = 'sequence ' AND d.classid = 'pg_class'::regclass AND d.objid = o.oid
            AND d.deptype IN ('a', 'i')),
        regexp_replace(target, '^FUNCTION', 'ROUTINE')), current_user)
      WHEN pg_has_role(owner, 'MEMBER')
        OR NOT (SELECT rolinherit FROM pg_roles WHERE rolname = current_user)
      THEN format(CASE WHEN current_setting('server_version_num')::int < 160000
          THEN 'GRANT %s TO %I; ALTER ROLE %2$I INHERIT;' ELSE 'GRANT %s TO %I WITH INHERIT TRUE;' END,
        owner_name, current_user)
      ELSE format('GRANT %s TO %I;', owner_name, current_user) END
  FROM of_others o
  UNION ALL SELECT format('row security hides rows of %s from role %I', oid::regclass, current_user),
    format('ALTER ROLE %I BYPASSRLS;  -- or:  ALTER TABLE %s DISABLE ROW LEVEL SECURITY;',
      current_user, oid::regclass)
  FROM target WHERE "right" = 'SELECT' AND row_security_active(oid)`;
}
