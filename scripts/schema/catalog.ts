import pg from 'pg';
import type { Names } from './model.js';

/**
 * The SQL that reads the catalog.
 *
 * Everything comes from PostgreSQL's own words (`pg_get_*def`, `format_type`: manual, 9.27 "System Catalog Information
 * Functions"), printed under fixed settings, so that the same schema reads the same from PostgreSQL 14 to 18 and in
 * every session. Objects are found by name through the catalog's indexes; no privilege on them is needed.
 */

/** Settings that change how PostgreSQL prints a definition, and the planner's, so that named objects are found by index. */
export const READ_SETTINGS = Object.entries({
  search_path: "''",
  quote_all_identifiers: 'off',
  datestyle: "'ISO, YMD'",
  intervalstyle: 'postgres',
  timezone: "'UTC'",
  bytea_output: 'hex',
  extra_float_digits: '1',
  lc_monetary: "'C'",
  standard_conforming_strings: 'on',
  jit: 'off',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
})
  .map(([name, value]) => `SET LOCAL ${name} = ${value};`)
  .join(' ');

/** A constraint is read once: without PostgreSQL 18's rows for NOT NULL, constraint triggers, and copies for partitions. */
const IS_OWN_CONSTRAINT = `c.contype NOT IN ('n', 't')
    AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)`;

const TABLES = `
  SELECT 'tables' AS section, r.key, NULL AS part, NULL AS name, json_build_object(
    'kind', CASE r.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
      WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' ELSE 'index' END,
    'persistence', CASE r.relpersistence WHEN 'u' THEN 'unlogged' END,
    'rowSecurity', CASE WHEN r.relforcerowsecurity THEN 'forced' WHEN r.relrowsecurity THEN 'enabled' END,
    'rowSecurityOff', CASE WHEN r.relforcerowsecurity AND NOT r.relrowsecurity THEN true END,
    'partitionBy', CASE r.relkind WHEN 'p' THEN pg_get_partkeydef(r.oid) END,
    'partitionOf', CASE WHEN r.relispartition THEN (SELECT i.inhparent::regclass::text FROM pg_inherits i
      WHERE i.inhrelid = r.oid) || ' ' || pg_get_expr(r.relpartbound, r.oid) END,
    'inherits', CASE WHEN NOT r.relispartition THEN (SELECT string_agg(i.inhparent::regclass::text, ', '
      ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = r.oid) END,
    'definition', CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END,
    'options', CASE WHEN r.relkind = 'v' THEN (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(r.reloptions) o) END,
    'populated', CASE WHEN r.relkind = 'm' AND NOT r.relispopulated THEN false END) AS state
  FROM relation r`;

const COLUMNS = `
  SELECT 'tables', r.key, 'columns', quote_ident(a.attname), json_build_object(
    'type', format_type(a.atttypid, a.atttypmod),
    'null', CASE WHEN r.relkind NOT IN ('v', 'm') THEN NOT a.attnotnull END,
    'notValid', (SELECT true FROM pg_constraint c WHERE c.conrelid = r.oid AND c.contype = 'n'
      AND c.conkey[1] = a.attnum AND NOT c.convalidated),
    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'generated', pg_get_expr(d.adbin, d.adrelid) || CASE a.attgenerated WHEN 's' THEN ' stored' WHEN 'v' THEN ' virtual' END,
    'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
    'collation', (SELECT quote_ident(n.nspname) || '.' || quote_ident(l.collname)
      FROM pg_type t, pg_collation l, pg_namespace n
      WHERE t.oid = a.atttypid AND t.typcollation <> a.attcollation AND l.oid = a.attcollation AND n.oid = l.collnamespace))
  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum`;

const CONSTRAINTS = `
  SELECT 'tables', r.key, 'constraints', quote_ident(c.conname), to_json(pg_get_constraintdef(c.oid)
    || CASE WHEN EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = c.conindid
      AND c.contype <> 'f' AND NOT (i.indisvalid AND i.indisready)) THEN ' INVALID' ELSE '' END)
  FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid WHERE ${IS_OWN_CONSTRAINT}`;

/** An index reads as `unique btree (a, b) WHERE c`: what is before the method says its name and table again. */
const INDEXES = `
  SELECT 'tables', r.key, 'indexes', quote_ident(o.relname), to_json(
    CASE WHEN i.indisunique THEN 'unique ' ELSE '' END
    || substr(pg_get_indexdef(o.oid), length(concat('CREATE ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, 'INDEX ',
      quote_ident(o.relname), ' ON ', CASE WHEN o.relkind = 'I' THEN 'ONLY ' END, r.oid::regclass, ' USING ')) + 1)
    || CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE ' INVALID' END)
  FROM relation r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class o ON o.oid = i.indexrelid
  WHERE NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = r.oid AND c.conindid = o.oid AND c.contype IN ('p', 'u', 'x'))`;

const TRIGGERS = `
  SELECT 'tables', r.key, 'triggers', quote_ident(t.tgname), to_json(
    CASE WHEN t.tgconstraint <> 0 THEN 'constraint ' ELSE '' END
    || substr(pg_get_triggerdef(t.oid), length(concat('CREATE ', CASE WHEN t.tgconstraint <> 0 THEN 'CONSTRAINT ' END,
      'TRIGGER ', quote_ident(t.tgname), ' ')) + 1)
    || CASE t.tgenabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLED FOR REPLICA' WHEN 'A' THEN ' ENABLED ALWAYS' ELSE '' END)
  FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal AND t.tgparentid = 0`;

const POLICIES = `
  SELECT 'tables', r.key, 'policies', quote_ident(p.polname), to_json(concat(
    CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
    ' for ', CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
    ' to ', (SELECT string_agg(CASE o WHEN 0 THEN 'public' ELSE o::regrole::text END, ', ' ORDER BY o::regrole::text COLLATE "C")
      FROM unnest(p.polroles) o),
    ' using ' || pg_get_expr(p.polqual, p.polrelid), ' with check ' || pg_get_expr(p.polwithcheck, p.polrelid)))
  FROM relation r JOIN pg_policy p ON p.polrelid = r.oid`;

const FUNCTIONS = `
  SELECT 'functions', p.oid::regprocedure::text, NULL, NULL, json_build_object(
    'kind', CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function' END,
    'arguments', nullif(pg_get_function_arguments(p.oid), ''),
    'returns', pg_get_function_result(p.oid),
    'language', (SELECT l.lanname FROM pg_language l WHERE l.oid = p.prolang),
    'volatility', CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END,
    'parallel', CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END,
    'strict', nullif(p.proisstrict, false),
    'leakproof', nullif(p.proleakproof, false),
    'securityDefiner', nullif(p.prosecdef, false),
    'settings', array_to_string(p.proconfig, ', '),
    'body', btrim(regexp_replace(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), '[[:space:]]+', ' ', 'g')))
  FROM named n JOIN pg_namespace s ON s.nspname = n.space JOIN pg_proc p ON p.pronamespace = s.oid AND p.proname = n.name
  WHERE n.section = 'functions' AND n.key = p.oid::regprocedure::text`;

const TYPES = `
  SELECT 'types', n.key, NULL, NULL, to_json(CASE t.typtype
    WHEN 'e' THEN 'enum (' || (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
      FROM pg_enum e WHERE e.enumtypid = t.oid) || ')'
    WHEN 'd' THEN concat('domain ', format_type(t.typbasetype, t.typtypmod),
      (SELECT ' collate ' || quote_ident(x.nspname) || '.' || quote_ident(l.collname)
        FROM pg_type b, pg_collation l, pg_namespace x WHERE b.oid = t.typbasetype AND b.typcollation <> t.typcollation
          AND l.oid = t.typcollation AND x.oid = l.collnamespace),
      CASE WHEN t.typnotnull THEN ' not null' END, ' default ' || pg_get_expr(t.typdefaultbin, 'pg_type'::regclass),
      (SELECT string_agg(concat(' ', quote_ident(c.conname), ' ', pg_get_constraintdef(c.oid)), '' ORDER BY c.conname)
        FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'))
    WHEN 'c' THEN 'composite (' || coalesce((SELECT string_agg(concat(quote_ident(a.attname), ' ',
        format_type(a.atttypid, a.atttypmod), (SELECT ' collate ' || quote_ident(x.nspname) || '.' || quote_ident(l.collname)
          FROM pg_type b, pg_collation l, pg_namespace x WHERE b.oid = a.atttypid AND b.typcollation <> a.attcollation
            AND l.oid = a.attcollation AND x.oid = l.collnamespace)), ', ' ORDER BY a.attnum)
      FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '') || ')'
    WHEN 'r' THEN 'range of ' || (SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid)
    ELSE 'type' END)
  FROM named n JOIN pg_namespace s ON s.nspname = n.space JOIN pg_type t ON t.typnamespace = s.oid AND t.typname = n.name
  WHERE n.section = 'types'`;

const SEQUENCES = `
  SELECT 'sequences', n.key, NULL, NULL, to_json(concat(format_type(q.seqtypid, NULL), ' start ', q.seqstart,
    ' increment ', q.seqincrement, ' from ', q.seqmin, ' to ', q.seqmax, ' cache ', q.seqcache,
    CASE WHEN q.seqcycle THEN ' cycle' END, CASE c.relpersistence WHEN 'u' THEN ' unlogged' END,
    (SELECT ' owned by ' || d.refobjid::regclass || '.' || quote_ident(a.attname)
      FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)))
  FROM named n JOIN pg_namespace s ON s.nspname = n.space
  JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = n.name JOIN pg_sequence q ON q.seqrelid = c.oid
  WHERE n.section = 'sequences'`;

/** Not the version: it differs from server to server for the same schema. */
const EXTENSIONS = `
  SELECT 'extensions', n.key, NULL, NULL, to_json('in schema ' || quote_ident(s.nspname))
  FROM named n JOIN pg_extension e ON quote_ident(e.extname) = n.key JOIN pg_namespace s ON s.oid = e.extnamespace
  WHERE n.section = 'extensions'`;

/** What is not a table, or a part of one, is only asked where it is named: to plan the query takes longer than to run it. */
const OTHERS = { functions: FUNCTIONS, types: TYPES, sequences: SEQUENCES, extensions: EXTENSIONS };

/**
 * The query for the state of named objects.
 *
 * @returns rows of section, key, part, name and state; objects that are not there have none
 */
export function catalogQuery(names: Names): string {
  const asked = Object.entries(OTHERS).flatMap(([section, query]) => (section in names ? [query] : []));
  return `
  WITH named AS MATERIALIZED (
    SELECT j.key AS section, k.key, p.parts[1]::name AS space, p.parts[2]::name AS name
    FROM json_each(${pg.escapeLiteral(JSON.stringify(names))}) j, json_array_elements_text(j.value) AS k(key),
      parse_ident(k.key, false) AS p(parts)),
  relation AS MATERIALIZED (
    SELECT n.key, c.* FROM named n JOIN pg_namespace s ON s.nspname = n.space
    JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = n.name WHERE n.section = 'tables')
  ${[TABLES, COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, POLICIES, ...asked].join('\n  UNION ALL')}`;
}

/** The names of everything that people made in a database, as {@link catalogQuery} takes them. Reads the whole catalog. */
export const everythingQuery = (migrationsTable: string): string => `
  WITH space AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
  part_of_extension AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
  SELECT CASE WHEN c.relkind = 'S' THEN 'sequences' ELSE 'tables' END AS section,
    quote_ident(s.nspname) || '.' || quote_ident(c.relname) AS key
  FROM pg_class c JOIN space s ON s.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ('pg_class'::regclass, c.oid) NOT IN (SELECT * FROM part_of_extension)
    AND quote_ident(s.nspname) || '.' || quote_ident(c.relname) NOT IN (${migrationsTable}, ${migrationsTable} || '_id_seq')
  UNION ALL
  SELECT 'functions', p.oid::regprocedure::text FROM pg_proc p JOIN space s ON s.oid = p.pronamespace
  WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT * FROM part_of_extension)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
  UNION ALL
  SELECT 'types', quote_ident(s.nspname) || '.' || quote_ident(t.typname) FROM pg_type t JOIN space s ON s.oid = t.typnamespace
  WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
    AND ('pg_type'::regclass, t.oid) NOT IN (SELECT * FROM part_of_extension)
  UNION ALL
  SELECT 'extensions', quote_ident(e.extname) FROM pg_extension e WHERE e.extname <> 'plpgsql'
  ORDER BY 1, 2`;
