import pg from 'pg';

/**
 * What the role needs, such as `['public.users', 'REFERENCES']`: a privilege on an object, or
 * - `OWNER`: to own the object
 * - `DROP`: to own the object or its schema
 * - `CREATE`: this privilege on the schema of the object, or on the database if there is no such schema yet
 */
export type Need = readonly [object: string, right: string];

/** The query for what the database or the role lacks. Each row is a `Problem`, with its remedy. */
export const problemsQuery = (needs: readonly Need[], writes: boolean) => `
  -- The needed objects. A table or a view has no kind in its name. parts[1] is the schema. "target" is for
  -- GRANT and ALTER, where ROUTINE is any function or procedure. "sequence" belongs to the migrations table.
  -- If an object does not exist, its columns are null. A null condition reports nothing.
  WITH target AS (
    SELECT n ->> 1 AS "right", kind, name, parts, s.oid AS schema_oid, nspowner, c.oid,
      upper(replace(kind, 'function', 'routine') COLLATE "C")
        || coalesce(c.oid::regclass::text, name) AS target,
      coalesce(relowner, proowner, typowner) AS owner, seqrelid::regclass AS sequence,
      format('%I', current_user) AS me
    FROM json_array_elements(${pg.escapeLiteral(JSON.stringify(needs))}) AS n
      CROSS JOIN coalesce(substring(n ->> 0 FROM '^[a-z]+ '), 'table ') AS kind
      CROSS JOIN regexp_replace(n ->> 0, '^[a-z]+ ', '') AS name
      CROSS JOIN parse_ident(name, false) AS parts
      LEFT JOIN pg_namespace s ON nspname = parts[1]
      LEFT JOIN pg_class c ON relnamespace = s.oid AND relname = parts[2] AND kind IN ('table ', 'sequence ')
      LEFT JOIN pg_proc f ON pronamespace = s.oid AND proname = parts[2]
        AND kind || name = 'function ' || f.oid::regprocedure
      LEFT JOIN pg_type ON typnamespace = s.oid AND typname = parts[2]
      LEFT JOIN (pg_depend JOIN pg_sequence ON seqrelid = objid)
        ON n ->> 1 = 'INSERT' AND refclassid = 'pg_class'::regclass AND refobjid = c.oid AND deptype = 'a')
  -- These problems are listed once: only the migrations table needs SELECT.
  SELECT problem, remedy FROM target, LATERAL (VALUES
    ('the server is a standby, which accepts no writes', 'connect to the primary server',
      ${writes} AND pg_is_in_recovery()),
    (format('transactions of role %s are read-only', me),
      -- A setting of the role in this database overrides one of the role, and one of the database.
      format('BEGIN READ WRITE; ALTER ROLE %s IN DATABASE %I SET default_transaction_read_only = off; COMMIT;',
        me, current_database()),
      ${writes} AND NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'on'),
    (format('schema %I is missing', parts[1]),
      format('CREATE SCHEMA %I AUTHORIZATION %s;', parts[1], me), schema_oid IS NULL),
    (format('row security hides rows of %s from role %s', oid::regclass, me),
      format('ALTER ROLE %s BYPASSRLS;  -- or:  ALTER %s DISABLE ROW LEVEL SECURITY;', me, target),
      row_security_active(oid))
  ) AS v(problem, remedy, is_real)
  WHERE "right" = 'SELECT' AND is_real
  UNION ALL (
    SELECT DISTINCT format('role %s lacks %s', me, privilege), format('GRANT %s TO %s;', privilege, me)
    FROM target, LATERAL (VALUES
      (format('USAGE ON SCHEMA %I', parts[1]), NOT has_schema_privilege(schema_oid, 'USAGE')),
      (format('CREATE ON SCHEMA %I', parts[1]),
        "right" = 'CREATE' AND NOT has_schema_privilege(schema_oid, 'CREATE')),
      -- To create another schema than the one of the migrations table: that one is listed above.
      (format('CREATE ON DATABASE %I', current_database()),
        "right" = 'CREATE' AND NOT has_database_privilege(current_database(), 'CREATE')
          AND schema_oid IS NULL AND parts[1] <> (SELECT parts[1] FROM target WHERE "right" = 'SELECT')),
      (format('USAGE ON SEQUENCE %s', sequence), NOT has_sequence_privilege(sequence, 'USAGE, UPDATE')),
      (format('%s ON %s', "right", target), CASE
        WHEN "right" IN ('SELECT', 'DELETE', 'TRIGGER') THEN NOT has_table_privilege(oid, "right")
        WHEN "right" = 'INSERT'
          OR "right" = 'REFERENCES' AND name NOT IN (SELECT name FROM target WHERE "right" = 'OWNER')
        THEN NOT has_any_column_privilege(oid, "right") END)
    ) AS v(privilege, is_lacking)
    WHERE is_lacking ORDER BY 1)
  UNION ALL (
    SELECT DISTINCT format('role %s does not own %s%s; its owner is %s', me, kind, name, owner::regrole), CASE
      -- PostgreSQL refuses GRANT of pg_database_owner, and of a member of this role. A superuser counts as one,
      -- and nobody should grant its role. Change the owner instead: for a column's sequence, that of its table.
      -- Otherwise, the role must inherit, too: by its own attribute or, since PostgreSQL 16, by the GRANT.
      WHEN pg_has_role(owner, current_user, 'MEMBER') OR owner = 'pg_database_owner'::regrole
      THEN format('ALTER %s OWNER TO %s;', coalesce((
        SELECT 'TABLE ' || refobjid::regclass FROM pg_depend WHERE kind = 'sequence '
          AND classid = 'pg_class'::regclass AND objid = o.oid AND deptype IN ('a', 'i')), target), me)
      ELSE format('GRANT %s TO %s', owner::regrole, me) || CASE
        WHEN NOT pg_has_role(owner, 'MEMBER')
          AND (SELECT rolinherit FROM pg_roles WHERE rolname = current_user) THEN ';'
        WHEN current_setting('server_version_num')::int < 160000 THEN format('; ALTER ROLE %s INHERIT;', me)
        ELSE ' WITH INHERIT TRUE;' END END
    FROM target o
    WHERE NOT pg_has_role(owner, 'USAGE')
      AND ("right" = 'OWNER' OR "right" = 'DROP' AND NOT pg_has_role(nspowner, 'USAGE'))
    ORDER BY 1)`;
