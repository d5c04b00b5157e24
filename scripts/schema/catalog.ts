import pg from 'pg';

/**
 * SQL that reads the schema as facts. PostgreSQL itself prints the definitions (`pg_get_*def`, `format_type`:
 * manual, 9.27). How it prints them depends on settings of the session.
 */

/** The settings for reading facts. Most of them decide how PostgreSQL prints a definition. */
export const READ_SETTINGS = [
  'search_path = pg_catalog, pg_temp',
  'quote_all_identifiers = off',
  "datestyle = 'ISO, YMD'",
  'intervalstyle = postgres',
  "timezone = 'UTC'",
  'bytea_output = hex',
  'extra_float_digits = 1',
  "lc_monetary = 'C'",
  'standard_conforming_strings = on',
  'row_security = off', // If a policy hides rows of the migrations table, reading it fails.
  // These make PostgreSQL read the catalog by its indexes, even if it has no statistics.
  'jit = off',
  'enable_seqscan = off',
  'enable_hashjoin = off',
  'enable_mergejoin = off',
  'enable_material = off',
  'enable_bitmapscan = off',
]
  .map((setting) => `SET LOCAL ${setting};`)
  .join(' ');

/** For each kind of object: its catalog, its names in the catalog and in effects, and a condition for rows. */
const KINDS = [
  {
    catalog: 'pg_class o ON o.relnamespace = s.oid',
    name: 'o.relname',
    object: `CASE o.relkind WHEN 'S' THEN 'sequence ' ELSE '' END || quote_ident(s.nspname) || '.' || quote_ident(o.relname)`,
    exists: `o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
  },
  {
    catalog: 'pg_type o ON o.typnamespace = s.oid',
    name: 'o.typname',
    object: `CASE o.typtype WHEN 'd' THEN 'domain ' ELSE 'type ' END || quote_ident(s.nspname) || '.' || quote_ident(o.typname)`,
    exists: `(o.typtype IN ('d', 'e', 'r') OR EXISTS (SELECT FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c'))`,
  },
  {
    catalog: 'pg_proc o ON o.pronamespace = s.oid',
    name: 'o.proname',
    object: `'function ' || o.oid::regprocedure`,
    exists: 'true',
  },
  {
    catalog: 'pg_extension o ON o.extnamespace = s.oid',
    name: 'o.extname',
    object: `'extension ' || quote_ident(o.extname)`,
    exists: `o.extname <> 'plpgsql'`,
  },
].map((kind) => ({ ...kind, class: `'${kind.catalog.split(' ')[0] ?? ''}'::regclass` }));

type Kind = (typeof KINDS)[number];

/** SQL: the objects of every kind that meet the condition, and the extension that each belongs to. */
const objects = (from: string, condition: (kind: Kind) => string) =>
  KINDS.map(
    (kind) => `
    SELECT ${kind.object} AS object, ${kind.class} AS class, o.oid, coalesce((SELECT ' EXTENSION ' || quote_ident(e.extname)
      FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.classid = ${kind.class} AND d.objid = o.oid AND d.deptype = 'e'), '') AS extension
    FROM ${from} JOIN ${kind.catalog} WHERE ${kind.exists} AND ${condition(kind)}`,
  ).join(' UNION ALL');

/** A `WITH` clause: its table `wanted` lists the objects of these names that exist. */
export const wantedObjects = (names: readonly string[]) => `
  WITH named AS MATERIALIZED (
    SELECT n.object, p.parts[cardinality(p.parts)]::name AS name, p.parts[1]::name AS space
    FROM json_array_elements_text(${pg.escapeLiteral(JSON.stringify(names))}) AS n(object),
      parse_ident(regexp_replace(n.object, '^[a-z]+ ', ''), false) AS p(parts)),
  wanted AS MATERIALIZED (${objects(
    `named n JOIN pg_namespace s ON s.nspname = n.space OR n.object LIKE 'extension %'`,
    (kind) => `${kind.name} = n.name AND ${kind.object} = n.object`,
  )})`;

/** A `WITH` clause: `wanted` has all objects but built-in ones, those of extensions, and the migrations table. */
export const allObjects = (table: string) => `
  WITH own AS MATERIALIZED (SELECT to_regclass(${pg.escapeLiteral(table)}) AS oid),
  wanted AS MATERIALIZED (${objects(
    'own t CROSS JOIN pg_namespace s',
    (kind) => `
      s.nspname !~ '^(pg_|information_schema$)' AND o.oid IS DISTINCT FROM t.oid
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = ${kind.class} AND d.objid = o.oid
        AND (d.deptype = 'e' OR d.refobjid = t.oid OR d.deptype = 'i' AND d.classid = 'pg_proc'::regclass))`,
  )})`;

/** SQL: `COLLATE name`, if a column has another collation than its type; otherwise null. */
const collation = (column: string, type: string): string => `' COLLATE ' ||
  CASE WHEN ${column} <> 0 AND ${column} <> (SELECT b.typcollation FROM pg_type b WHERE b.oid = ${type})
    THEN (SELECT i.identity FROM pg_identify_object('pg_collation'::regclass, ${column}, 0) i) END`;

/** SQL: `PARTITION OF parent bounds` or `INHERITS (parents)`; null for a table without parents. */
const PARENTS = `(SELECT CASE WHEN c.relispartition THEN 'PARTITION OF ' ELSE 'INHERITS (' END
    || string_agg(i.inhparent::regclass || CASE WHEN i.inhdetachpending THEN ' DETACH PENDING' ELSE '' END, ', ' ORDER BY i.inhseqno)
    || CASE WHEN c.relispartition THEN ' ' || pg_get_expr(c.relpartbound, c.oid) ELSE ')' END
  FROM pg_inherits i WHERE i.inhrelid = c.oid)`;

/** SQL: a definition without its first words, such as `CREATE INDEX name ON table`. */
const after = (definition: string, prefix: string): string =>
  `substr(${definition}, length(concat(${prefix})) + 1)`;

/** One query for each kind of fact. The columns are object, part, definition, and a number to sort by. */
const FACTS = [
  `SELECT w.object, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
    CASE WHEN c.relkind IN ('v', 'm') THEN btrim(pg_get_viewdef(c.oid), ' ;') || CASE WHEN c.relispopulated THEN '' ELSE ' WITH NO DATA' END
      ELSE concat_ws(' ', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END, ${PARENTS}, 'PARTITION BY ' || pg_get_partkeydef(c.oid),
        (SELECT 'SERVER ' || quote_ident(s.srvname) FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid))
    END || w.extension, 0
  FROM relation w JOIN pg_class c ON c.oid = w.oid`,
  `SELECT w.object, 'options', '(' || (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(c.reloptions) o) || ')', 0
  FROM relation w JOIN pg_class c ON c.oid = w.oid WHERE c.relkind = 'v' AND c.reloptions IS NOT NULL`,
  `SELECT w.object, 'row security', concat_ws(', ', CASE WHEN c.relrowsecurity THEN 'ENABLE ROW LEVEL SECURITY' END,
    CASE WHEN c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END), 0
  FROM relation w JOIN pg_class c ON c.oid = w.oid WHERE c.relrowsecurity OR c.relforcerowsecurity`,
  `SELECT w.object, 'column ' || quote_ident(a.attname), concat(format_type(a.atttypid, a.atttypmod),
      CASE WHEN w.kind IN ('v', 'm') THEN '' WHEN NOT a.attnotnull THEN ' NULL'
        WHEN (a.attrelid, a.attnum) IN (SELECT k.conrelid, k.conkey[1] FROM own_constraint k WHERE k.contype = 'n' AND NOT k.convalidated)
        THEN ' NOT VALID NOT NULL' ELSE ' NOT NULL' END,
      ${collation('a.attcollation', 'a.atttypid')},
      CASE WHEN a.attgenerated <> '' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid)
        || CASE a.attgenerated WHEN 's' THEN ') STORED' ELSE ') VIRTUAL' END ELSE ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END,
      CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' WHEN 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' END), a.attnum
  FROM relation w JOIN pg_attribute a ON a.attrelid = w.oid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped`,
  // Without the foreign keys that PostgreSQL copies to partitions.
  `SELECT k.object, 'constraint ' || quote_ident(k.conname), pg_get_constraintdef(k.oid)
    || CASE WHEN k.contype <> 'f' AND EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = k.conindid AND NOT (i.indisvalid AND i.indisready))
      THEN ' INVALID' ELSE '' END, 2000
  FROM own_constraint k WHERE k.contype NOT IN ('n', 't') AND (k.conparentid = 0 OR k.contype <> 'f')`,
  `SELECT w.object, 'index ' || quote_ident(x.relname), CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END
    || ${after(
      'pg_get_indexdef(x.oid)',
      `'CREATE ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, 'INDEX ', quote_ident(x.relname), ' ON ',
        CASE WHEN x.relkind = 'I' THEN 'ONLY ' END, i.indrelid::regclass, ' '`,
    )}
    || CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE ' INVALID' END, 2001
  FROM relation w JOIN pg_index i ON i.indrelid = w.oid JOIN pg_class x ON x.oid = i.indexrelid
  WHERE i.indexrelid NOT IN (SELECT k.conindid FROM own_constraint k WHERE k.contype IN ('p', 'u', 'x'))`,
  `SELECT w.object, 'trigger ' || quote_ident(t.tgname), CASE WHEN t.tgconstraint <> 0 THEN 'CONSTRAINT ' ELSE '' END
    || ${after('pg_get_triggerdef(t.oid)', `'CREATE ', CASE WHEN t.tgconstraint <> 0 THEN 'CONSTRAINT ' END, 'TRIGGER ', quote_ident(t.tgname), ' '`)}
    || CASE t.tgenabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLED REPLICA' WHEN 'A' THEN ' ENABLED ALWAYS' ELSE '' END, 2002
  FROM relation w JOIN pg_trigger t ON t.tgrelid = w.oid WHERE NOT t.tgisinternal AND t.tgparentid = 0`,
  `SELECT w.object, 'policy ' || quote_ident(p.polname), concat('AS ', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
      ' FOR ', CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
      ' TO ', (SELECT string_agg(CASE o WHEN 0 THEN 'PUBLIC' ELSE o::regrole::text END, ', ' ORDER BY o::regrole::text COLLATE "C")
        FROM unnest(p.polroles) o),
      ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'), 2003
  FROM relation w JOIN pg_policy p ON p.polrelid = w.oid`,
  `SELECT w.object, '', CASE p.prokind WHEN 'a' THEN concat('CREATE AGGREGATE ', p.oid::regprocedure, ' (SFUNC = ', a.aggtransfn,
      ', STYPE = ', format_type(a.aggtranstype, NULL), ')') ELSE rtrim(pg_get_functiondef(p.oid), E'\\n') END || w.extension, 0
  FROM wanted w JOIN pg_proc p ON p.oid = w.oid LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid WHERE w.class = 'pg_proc'::regclass`,
  `SELECT w.object, '', CASE t.typtype
      WHEN 'e' THEN 'AS ENUM (' || (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
        FROM pg_enum e WHERE e.enumtypid = t.oid) || ')'
      WHEN 'd' THEN concat('AS ', format_type(t.typbasetype, t.typtypmod), ${collation('t.typcollation', 't.typbasetype')},
        CASE WHEN t.typnotnull THEN ' NOT NULL' END, ' DEFAULT ' || pg_get_expr(t.typdefaultbin, 'pg_type'::regclass),
        (SELECT string_agg(concat(' CONSTRAINT ', quote_ident(k.conname), ' ', pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
          FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
      WHEN 'r' THEN 'AS RANGE (SUBTYPE = ' || (SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid) || ')'
      ELSE 'AS (' || coalesce((SELECT string_agg(concat(quote_ident(a.attname), ' ', format_type(a.atttypid, a.atttypmod),
          ${collation('a.attcollation', 'a.atttypid')}), ', ' ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '') || ')' END || w.extension, 0
  FROM wanted w JOIN pg_type t ON t.oid = w.oid WHERE w.class = 'pg_type'::regclass`,
  // Without UNLOGGED for the sequence of a column: since PostgreSQL 15, it is UNLOGGED whenever its table is.
  `SELECT w.object, '', concat(CASE WHEN c.relpersistence = 'u' AND b.owner IS NULL THEN 'UNLOGGED ' END, 'AS ', format_type(q.seqtypid, NULL),
      ' START ', q.seqstart, ' INCREMENT ', q.seqincrement, ' MINVALUE ', q.seqmin, ' MAXVALUE ', q.seqmax, ' CACHE ', q.seqcache,
      CASE WHEN q.seqcycle THEN ' CYCLE' END, ' OWNED BY ' || b.owner, w.extension), 0
  FROM wanted w JOIN pg_sequence q ON q.seqrelid = w.oid JOIN pg_class c ON c.oid = w.oid LEFT JOIN LATERAL (
    SELECT d.refobjid::regclass || '.' || quote_ident(a.attname) AS owner
    FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.objid = w.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0) b ON true
  WHERE w.class = 'pg_class'::regclass`,
  // Without the version of the extension, which differs between servers.
  `SELECT w.object, '', 'SCHEMA ' || quote_ident(s.nspname), 0
  FROM wanted w JOIN pg_extension e ON e.oid = w.oid JOIN pg_namespace s ON s.oid = e.extnamespace WHERE w.class = 'pg_extension'::regclass`,
];

/** The query for the facts of the `wanted` objects. Run it with {@link READ_SETTINGS}. */
export const factsQuery = (wanted: string) => `${wanted},
  relation AS MATERIALIZED (SELECT w.*, c.relkind AS kind FROM wanted w JOIN pg_class c ON c.oid = w.oid
    WHERE w.class = 'pg_class'::regclass AND c.relkind <> 'S'),
  own_constraint AS MATERIALIZED (SELECT w.object, k.* FROM relation w JOIN pg_constraint k ON k.conrelid = w.oid),
  fact(object, part, definition, place) AS (${FACTS.join(' UNION ALL ')})
  SELECT object, part, btrim(definition) AS definition FROM fact ORDER BY object COLLATE "C", place, part COLLATE "C"`;
