import pg from 'pg';
import { FACT_QUERIES } from './fact-queries.ts';

/**
 * SQL that reads the schema as facts. PostgreSQL itself prints the definitions (`pg_get_*def`, `format_type`:
 * manual, 9.27). How it prints them depends on settings of the session.
 */

/** The settings for reading facts. The first ones decide how PostgreSQL prints a definition. */
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

/**
 * The kinds of objects. The names of the catalog's columns begin with `prefix`, such as `relname`. `object`
 * is SQL for the name in effects. `exists` is SQL for what counts as an object.
 */
const KINDS = [
  {
    catalog: 'pg_class',
    prefix: 'rel',
    object: `format('%s%I.%I', CASE o.relkind WHEN 'S' THEN 'sequence ' END, s.nspname, o.relname)`,
    exists: `o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
  },
  {
    catalog: 'pg_type',
    prefix: 'typ',
    object: `format('%s %I.%I', CASE o.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, s.nspname, o.typname)`,
    exists: `(o.typtype IN ('d', 'e', 'r')
      OR EXISTS (SELECT FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c'))`,
  },
  {
    catalog: 'pg_proc',
    prefix: 'pro',
    object: `'function ' || o.oid::regprocedure`,
    exists: 'true',
  },
  {
    catalog: 'pg_extension',
    prefix: 'ext',
    object: `'extension ' || quote_ident(o.extname)`,
    exists: `o.extname <> 'plpgsql'`,
  },
] as const;

/**
 * SQL that lists the objects that meet `condition`, of every kind. If an object belongs to an extension, its
 * definition ends with the text in the column `extension`.
 */
const objects = (from: string, condition: (kind: (typeof KINDS)[number]) => string) =>
  KINDS.map(
    (kind) => `
    SELECT ${kind.object} AS object, o.tableoid AS class, o.oid, (
      SELECT format(' EXTENSION %I', e.extname) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.classid = o.tableoid AND d.objid = o.oid AND d.deptype = 'e') AS extension
    FROM ${from} JOIN ${kind.catalog} o ON o.${kind.prefix}namespace = s.oid
    WHERE ${kind.exists} AND ${condition(kind)}`,
  ).join(' UNION ALL');

/** A `WITH` clause: its table `wanted` lists the objects of these names that exist. */
export const wantedObjects = (names: readonly string[]) => `
  WITH named AS MATERIALIZED (
    SELECT n.object, p.parts[cardinality(p.parts)]::name AS name, p.parts[1]::name AS space
    FROM json_array_elements_text(${pg.escapeLiteral(JSON.stringify(names))}) AS n(object),
      parse_ident(regexp_replace(n.object, '^[a-z]+ ', ''), false) AS p(parts)),
  wanted AS MATERIALIZED (${objects(
    `named n JOIN pg_namespace s ON s.nspname = n.space OR n.object LIKE 'extension %'`,
    (kind) => `o.${kind.prefix}name = n.name AND ${kind.object} = n.object`,
  )})`;

/** A `WITH` clause: `wanted` has all objects, without built-in ones, those of extensions, and `table`. */
export const allObjects = (table: string) => `
  WITH own AS MATERIALIZED (SELECT to_regclass(${pg.escapeLiteral(table)}) AS oid),
  wanted AS MATERIALIZED (${objects(
    'own t CROSS JOIN pg_namespace s',
    () => `
      s.nspname !~ '^(pg_|information_schema$)' AND o.oid IS DISTINCT FROM t.oid
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.tableoid AND d.objid = o.oid
        AND (d.deptype = 'e' OR d.refobjid = t.oid OR d.deptype = 'i' AND d.classid = 'pg_proc'::regclass))`,
  )})`;

/** The query for the facts of the `wanted` objects. Run it with {@link READ_SETTINGS}. */
export const factsQuery = (wanted: string) => `${wanted},
  relation AS MATERIALIZED (
    SELECT w.object, w.extension, c.* FROM wanted w JOIN pg_class c ON c.oid = w.oid
    WHERE w.class = 'pg_class'::regclass AND c.relkind <> 'S'),
  own_constraint AS MATERIALIZED (
    SELECT r.object, k.* FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid),
  fact(object, part, definition, place) AS (${Object.values(FACT_QUERIES).join(' UNION ALL ')})
  SELECT object, part, coalesce(btrim(definition), '') AS definition FROM fact
  ORDER BY object COLLATE "C", place, part COLLATE "C"`;
