import pg from 'pg';
import { KINDS, PARTS } from './fact-queries.ts';

/** SQL that reads the schema as facts. PostgreSQL prints the definitions (`pg_get_*def`, `format_type`). */

/** The settings for reading facts. Those before row_security decide how PostgreSQL prints a definition. */
export const READ_SETTINGS = `
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

/** SQL that lists the objects of every kind that meet `condition`. In `from`, `s` is the object's schema. */
const objects = (from: string, condition: (name: string, object: string) => string) =>
  KINDS.map(
    ({ catalog, prefix, object, exists = 'true', part = `''`, definition }) => `
    SELECT ${object} AS object, o.oid, ${part} AS part, concat(${definition}, (
      SELECT format(' EXTENSION %I', e.extname) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
      WHERE d.classid = o.tableoid AND d.objid = o.oid AND d.deptype = 'e')) AS definition
    FROM ${from} JOIN ${catalog} o ON o.${prefix}namespace = s.oid
    WHERE ${exists} AND ${condition(`o.${prefix}name`, object)}`,
  ).join(' UNION ALL');

/** A `WITH` clause, whose table `wanted` lists those of the named objects that exist. */
export const wantedObjects = (names: readonly string[]) => `
  WITH named AS MATERIALIZED (
    SELECT n.object, p.parts[cardinality(p.parts)]::name AS name, p.parts[1]::name AS space
    FROM json_array_elements_text(${pg.escapeLiteral(JSON.stringify(names))}) AS n(object),
      parse_ident(regexp_replace(n.object, '^[a-z]+ ', ''), false) AS p(parts)),
  wanted AS MATERIALIZED (${objects(
    `named n JOIN pg_namespace s ON s.nspname = n.space OR n.object LIKE 'extension %'`,
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
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.tableoid AND d.objid = o.oid
        AND (d.deptype = 'e' OR d.refobjid = t.oid OR d.deptype = 'i' AND d.classid = 'pg_proc'::regclass))`,
  )})`;

/** The query for the facts of the `wanted` objects. Run it with {@link READ_SETTINGS}. */
export const factsQuery = (wanted: string) => `${wanted},
  -- The part of a table or view is its kind, such as "view". The part of any other object is ''.
  relation AS MATERIALIZED (
    SELECT w.object, c.* FROM wanted w JOIN pg_class c ON c.oid = w.oid WHERE w.part <> ''),
  own_constraint AS MATERIALIZED (
    SELECT r.object, k.* FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid),
  fact(object, part, definition, place) AS (
    SELECT object, part, definition, 0 FROM wanted UNION ALL ${Object.values(PARTS).join(' UNION ALL ')})
  SELECT object, part, btrim(definition) AS definition FROM fact
  ORDER BY object COLLATE "C", place, part COLLATE "C"`;
