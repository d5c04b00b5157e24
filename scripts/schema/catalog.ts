/** SQL that reads the schema as facts. PostgreSQL prints the definitions (`pg_get_*def`, `format_type`). */
import pg from 'pg';
import { collation, KINDS } from './object-kinds.ts';

/** The settings for reading facts. */
export const READ_SETTINGS = `
  SET LOCAL role TO DEFAULT; -- Behind a pooler, another client may have left its role in the session.
  -- These decide how PostgreSQL prints a definition.
  SET LOCAL search_path = pg_catalog, pg_temp;
  SET LOCAL quote_all_identifiers = off;
  SET LOCAL datestyle = 'ISO, YMD';
  SET LOCAL intervalstyle = postgres;
  SET LOCAL timezone = 'UTC';
  SET LOCAL bytea_output = hex;
  SET LOCAL extra_float_digits = 1;
  SET LOCAL lc_monetary = 'C';
  SET LOCAL standard_conforming_strings = on;
  SET LOCAL row_security = off; -- Reading the migrations table fails if a policy would hide rows.
  -- The rest makes PostgreSQL read the catalog by its indexes, even if the catalog has no statistics.
  SET LOCAL jit = off;
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off;
  SET LOCAL enable_material = off;
  SET LOCAL enable_bitmapscan = off;`;

/** SQL that lists the objects of all kinds for which `condition` is true. `from` must name their schema `s`. */
const objects = (from: string, condition: (name: string, object: string) => string) =>
  KINDS.map(
    ({ catalog, prefix, object, exists = 'true', part = `''`, definition }) => `
    SELECT ${object} AS object, o.oid, ${part} AS part, concat(${definition}, (
      -- An object of an extension has another definition than one that a migration created.
      SELECT format(' EXTENSION %I', e.extname) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.classid = o.tableoid AND d.objid = o.oid AND d.deptype = 'e')) AS definition
    FROM ${from} JOIN ${catalog} o ON o.${prefix}namespace = s.oid
    WHERE ${exists} AND ${condition(`o.${prefix}name`, object)}`,
  ).join(' UNION ALL');

/** A `WITH` clause, whose table `wanted` lists those of the named objects that exist. */
export const wantedObjects = (names: readonly string[]) => `
  -- parse_ident(text, false) ignores the arguments of a function. The name of an extension has no schema.
  WITH named AS MATERIALIZED (
    SELECT n.object, p.parts[cardinality(p.parts)]::name AS name, p.parts[1]::name AS schema
    FROM json_array_elements_text(${pg.escapeLiteral(JSON.stringify(names))}) AS n(object),
      parse_ident(regexp_replace(n.object, '^[a-z]+ ', ''), false) AS p(parts)),
  wanted AS MATERIALIZED (${objects(
    `named n JOIN pg_namespace s ON s.nspname = n.schema OR n.object LIKE 'extension %'`,
    (name, object) => `${name} = n.name AND ${object} = n.object`,
  )})`;

/**
 * A `WITH` clause, whose table `wanted` lists all objects, except built-in ones, those of extensions, the
 * migrations table and its sequence, and the functions that PostgreSQL creates for a range type.
 */
export const allObjects = (migrationsTable: string) => `
  WITH wanted AS MATERIALIZED (${objects(
    `(SELECT to_regclass(${pg.escapeLiteral(migrationsTable)}) AS oid) t, pg_namespace s`,
    () => `s.nspname !~ '^(pg_|information_schema$)' AND o.oid IS DISTINCT FROM t.oid
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.tableoid AND d.objid = o.oid AND (
        d.deptype = 'e' OR d.refobjid = t.oid OR d.deptype = 'i' AND d.classid = 'pg_proc'::regclass))`,
  )})`;

/**
 * The query for the facts of the `wanted` objects. Run it with {@link READ_SETTINGS}. `' AS ' || x` is null
 * if `x` is null, and `concat` skips nulls. The regular expressions cut off all before the first keyword that
 * is not in a quoted name. `place` sorts the parts of an object.
 */
export const factsQuery = (wanted: string) => `${wanted},
  -- The part of a table or view is its kind, such as "view". The part of any other object is ''.
  relation AS MATERIALIZED (
    SELECT w.object, c.* FROM wanted w JOIN pg_class c ON c.oid = w.oid WHERE w.part <> ''),
  own_constraint AS MATERIALIZED (
    SELECT r.object, k.* FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid),
  fact(object, part, definition, place) AS (
    SELECT object, part, definition, 0 FROM wanted
    UNION ALL
    SELECT object, 'options',
      '(' || (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(reloptions) o) || ')', 0
    FROM relation WHERE relkind = 'v' AND reloptions IS NOT NULL
    UNION ALL
    SELECT object, 'row security',
      concat_ws(', ', CASE WHEN relrowsecurity THEN 'ENABLE ROW LEVEL SECURITY' END,
        CASE WHEN relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END), 0
    FROM relation WHERE relrowsecurity OR relforcerowsecurity
    UNION ALL
    SELECT r.object, 'column ' || quote_ident(a.attname),
      concat(
        format_type(a.atttypid, a.atttypmod),
        CASE WHEN r.relkind IN ('v', 'm') THEN ''
          WHEN NOT a.attnotnull THEN ' NULL'
          WHEN EXISTS (SELECT FROM own_constraint k WHERE (k.conrelid, k.conkey[1]) = (a.attrelid, a.attnum)
            AND k.contype = 'n' AND NOT k.convalidated) THEN ' NOT VALID NOT NULL'
          ELSE ' NOT NULL' END,
        ${collation('a.attcollation', 'a.atttypid')},
        format(CASE WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (%s) STORED'
            WHEN a.attgenerated = 'v' THEN ' GENERATED ALWAYS AS (%s) VIRTUAL'
            WHEN a.atthasdef THEN ' DEFAULT %s' END, pg_get_expr(d.adbin, d.adrelid)),
        -- Since PostgreSQL 17, a partition has the identity of its table. Leave it out, as before.
        CASE WHEN r.relispartition AND current_setting('server_version_num')::int >= 170000 THEN ''
          WHEN a.attidentity = 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
          WHEN a.attidentity = 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' END),
      a.attnum
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    -- Not listed: NOT NULL (a part of its column), constraint triggers (see below), and the copies of foreign
    -- keys and triggers that PostgreSQL makes for partitions. The index of a foreign key (conindid) is one of
    -- the other table. pg_dump does not write whether an inherited check is valid.
    SELECT k.object, 'constraint ' || quote_ident(k.conname),
      concat(CASE WHEN k.conislocal THEN pg_get_constraintdef(k.oid)
          ELSE regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') END,
        CASE WHEN NOT (i.indisvalid AND i.indisready) THEN ' INVALID' END), 2000
    FROM own_constraint k LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype <> 'f'
    WHERE k.contype NOT IN ('n', 't') AND (k.conparentid = 0 OR k.contype <> 'f')
    UNION ALL
    SELECT r.object, 'index ' || quote_ident(x.relname),
      concat(CASE WHEN i.indisunique THEN 'UNIQUE' END,
        substring(pg_get_indexdef(x.oid) FROM '^(?:"[^"]*"|[^"])*?( USING .*)$'),
        CASE WHEN NOT (i.indisvalid AND i.indisready) THEN ' INVALID' END), 2001
    FROM relation r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indexrelid NOT IN (SELECT k.conindid FROM own_constraint k WHERE k.contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT r.object, 'trigger ' || quote_ident(t.tgname),
      concat(CASE WHEN t.tgconstraint <> 0 THEN 'CONSTRAINT' END,
        substring(pg_get_triggerdef(t.oid) FROM '^(?:"[^"]*"|[^"])*?( (?:BEFORE|AFTER|INSTEAD OF) .*)$'),
        CASE t.tgenabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLED REPLICA'
          WHEN 'A' THEN ' ENABLED ALWAYS' END), 2002
    FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal AND t.tgparentid = 0
    UNION ALL
    SELECT r.object, 'policy ' || quote_ident(p.polname),
      concat('AS ', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, ' FOR ',
        CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
          WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        ' TO ', (
          SELECT string_agg(CASE o WHEN 0 THEN 'PUBLIC' ELSE o::regrole::text END, ', '
            ORDER BY o::regrole::text COLLATE "C") FROM unnest(p.polroles) o),
        ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
        ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'), 2003
    FROM relation r JOIN pg_policy p ON p.polrelid = r.oid)
  SELECT object, part, btrim(definition) AS definition FROM fact
  ORDER BY object COLLATE "C", place, part COLLATE "C"`;
