import { object, objectBy, value, values } from './json-sql.js';
import type { Names } from './model.js';

/**
 * The SQL that reads the catalog.
 * Everything comes from PostgreSQL's own words (`pg_get_*def`, `format_type`: manual, 9.27 "System Catalog Information
 * Functions"), printed under fixed settings, so that the same schema reads the same from PostgreSQL 14 to 18 and in
 * every session. Objects are found by name through the catalog's indexes; no privilege on them is needed.
 */

/** Settings that change how PostgreSQL prints a definition, and the planner's, so that named objects are found by index. */
export const READ_SETTINGS = Object.entries({
  search_path: 'pg_catalog, pg_temp',
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
  enable_bitmapscan: 'off',
})
  .map(([name, value]) => `SET LOCAL ${name} = ${value};`)
  .join(' ');

/** A constraint is read once: without PostgreSQL 18's rows for NOT NULL, constraint triggers, and copies for partitions. */
const IS_OWN_CONSTRAINT = `c.contype NOT IN ('n', 't')
    AND (c.conparentid = 0 OR NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid))`;

/** A collation, where it is not that of the type. */
const collationOf = (collation: string, type: string): string =>
  `CASE WHEN ${collation} <> 0 AND ${collation} <> (SELECT b.typcollation FROM pg_type b WHERE b.oid = ${type})
      THEN (SELECT identity FROM pg_identify_object('pg_collation'::regclass, ${collation}, 0)) END`;

const EXPRESSION =
  '(SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum)';
const COLUMN = object(
  values({
    type: 'format_type(a.atttypid, a.atttypmod)',
    null: "CASE WHEN r.relkind NOT IN ('v', 'm') THEN NOT a.attnotnull END",
    notValid: 'CASE WHEN a.attnum = ANY (k.not_valid) THEN true END',
    default: `CASE WHEN a.atthasdef AND a.attgenerated = '' THEN ${EXPRESSION} END`,
    generated: `CASE WHEN a.attgenerated <> '' THEN ${EXPRESSION} || CASE a.attgenerated WHEN 's' THEN ' stored' ELSE ' virtual' END END`,
    identity: "CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END",
    collation: collationOf('a.attcollation', 'a.atttypid'),
  }),
);
const COLUMNS = `
  SELECT ${objectBy('quote_ident(a.attname)', COLUMN)}
  FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped`;

const CONSTRAINT = `pg_get_constraintdef(c.oid)
    || CASE WHEN EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = c.conindid
      AND c.contype <> 'f' AND NOT (i.indisvalid AND i.indisready)) THEN ' INVALID' ELSE '' END`;
/** What other parts of a table have to know of its constraints is read along with them. */
const CONSTRAINTS = `
  SELECT ${objectBy('quote_ident(c.conname)', `CASE WHEN ${IS_OWN_CONSTRAINT} THEN ${value(CONSTRAINT)} END`)} AS constraints,
    array_agg(c.conkey[1]) FILTER (WHERE c.contype = 'n' AND NOT c.convalidated) AS not_valid,
    array_agg(c.conindid) FILTER (WHERE c.contype IN ('p', 'u', 'x')) AS inside
  FROM pg_constraint c WHERE c.conrelid = r.oid`;

/** An index reads as `unique btree (a, b) WHERE c`: what is before the method says its name and table again. */
const INDEX = `CASE WHEN i.indisunique THEN 'unique ' ELSE '' END
    || substr(pg_get_indexdef(o.oid), length(concat('CREATE ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, 'INDEX ',
      quote_ident(o.relname), ' ON ', CASE WHEN o.relkind = 'I' THEN 'ONLY ' END, r.oid::regclass, ' USING ')) + 1)
    || CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE ' INVALID' END`;
/** Without those that are the inside of a constraint. */
const INDEXES = `
  SELECT ${objectBy('quote_ident(o.relname)', value(INDEX))}
  FROM pg_index i JOIN pg_class o ON o.oid = i.indexrelid
  WHERE i.indrelid = r.oid AND (i.indexrelid = ANY (k.inside)) IS NOT TRUE`;

const TRIGGER = `CASE WHEN t.tgconstraint <> 0 THEN 'constraint ' ELSE '' END
    || substr(pg_get_triggerdef(t.oid), length(concat('CREATE ', CASE WHEN t.tgconstraint <> 0 THEN 'CONSTRAINT ' END,
      'TRIGGER ', quote_ident(t.tgname), ' ')) + 1)
    || CASE t.tgenabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLED FOR REPLICA' WHEN 'A' THEN ' ENABLED ALWAYS' ELSE '' END`;
const TRIGGERS = `
  SELECT ${objectBy('quote_ident(t.tgname)', value(TRIGGER))}
  FROM pg_trigger t WHERE t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgparentid = 0`;

const POLICY = `concat(
    CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
    ' for ', CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
    ' to ', (SELECT string_agg(CASE o WHEN 0 THEN 'public' ELSE o::regrole::text END, ', ' ORDER BY o::regrole::text COLLATE "C")
      FROM unnest(p.polroles) o),
    ' using ' || pg_get_expr(p.polqual, p.polrelid), ' with check ' || pg_get_expr(p.polwithcheck, p.polrelid))`;
const POLICIES = `
  SELECT ${objectBy('quote_ident(p.polname)', value(POLICY))} FROM pg_policy p WHERE p.polrelid = r.oid`;

const TABLE = object({
  ...values({
    kind: `CASE r.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
      WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' ELSE 'index' END`,
    persistence: "CASE r.relpersistence WHEN 'u' THEN 'unlogged' END",
    rowSecurity: "CASE WHEN r.relforcerowsecurity THEN 'forced' WHEN r.relrowsecurity THEN 'enabled' END",
    rowSecurityOff: 'CASE WHEN r.relforcerowsecurity AND NOT r.relrowsecurity THEN true END',
    partitionBy: "CASE r.relkind WHEN 'p' THEN pg_get_partkeydef(r.oid) END",
    partitionOf: "CASE WHEN r.relispartition THEN r.parents || ' ' || pg_get_expr(r.relpartbound, r.oid) END",
    inherits: 'CASE WHEN NOT r.relispartition THEN r.parents END',
    definition: "CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END",
    options: `CASE WHEN r.relkind = 'v' THEN (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(r.reloptions) o) END`,
    populated: "CASE WHEN r.relkind = 'm' AND NOT r.relispopulated THEN false END",
  }),
  columns: `(${COLUMNS})`,
  constraints: 'k.constraints',
  indexes: `(${INDEXES})`,
  triggers: `CASE WHEN r.relhastriggers THEN (${TRIGGERS}) END`,
  policies: `(${POLICIES})`,
});
const TABLES = `
  SELECT ${objectBy('r.key', TABLE)} FROM relation r, LATERAL (${CONSTRAINTS}) k`;

const FUNCTION = object(
  values({
    kind: "CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function' END",
    arguments: "nullif(pg_get_function_arguments(p.oid), '')",
    returns: 'pg_get_function_result(p.oid)',
    language: '(SELECT l.lanname FROM pg_language l WHERE l.oid = p.prolang)',
    volatility: "CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END",
    parallel: "CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' END",
    strict: 'nullif(p.proisstrict, false)',
    leakproof: 'nullif(p.proleakproof, false)',
    securityDefiner: 'nullif(p.prosecdef, false)',
    settings: "array_to_string(p.proconfig, ', ')",
    body: "btrim(regexp_replace(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), '[[:space:]]+', ' ', 'g'))",
  }),
);
const FUNCTIONS = `
  SELECT ${objectBy('p.oid::regprocedure::text', FUNCTION)}
  FROM named n JOIN pg_namespace s ON s.nspname = n.space JOIN pg_proc p ON p.pronamespace = s.oid AND p.proname = n.name
  WHERE n.section = 'functions' AND n.key = p.oid::regprocedure::text`;

const TYPE = `CASE t.typtype
    WHEN 'e' THEN 'enum (' || (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
      FROM pg_enum e WHERE e.enumtypid = t.oid) || ')'
    WHEN 'd' THEN concat('domain ', format_type(t.typbasetype, t.typtypmod),
      ' collate ' || ${collationOf('t.typcollation', 't.typbasetype')},
      CASE WHEN t.typnotnull THEN ' not null' END, ' default ' || pg_get_expr(t.typdefaultbin, 'pg_type'::regclass),
      (SELECT string_agg(concat(' ', quote_ident(c.conname), ' ', pg_get_constraintdef(c.oid)), '' ORDER BY c.conname)
        FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'))
    WHEN 'c' THEN 'composite (' || coalesce((SELECT string_agg(concat(quote_ident(a.attname), ' ',
        format_type(a.atttypid, a.atttypmod), ' collate ' || ${collationOf('a.attcollation', 'a.atttypid')}),
        ', ' ORDER BY a.attnum)
      FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '') || ')'
    WHEN 'r' THEN 'range of ' || (SELECT format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid)
    ELSE 'type' END`;
const TYPES = `
  SELECT ${objectBy('n.key', value(TYPE))}
  FROM named n JOIN pg_namespace s ON s.nspname = n.space JOIN pg_type t ON t.typnamespace = s.oid AND t.typname = n.name
  WHERE n.section = 'types'`;

const SEQUENCE = `concat(format_type(q.seqtypid, NULL), ' start ', q.seqstart,
    ' increment ', q.seqincrement, ' from ', q.seqmin, ' to ', q.seqmax, ' cache ', q.seqcache,
    CASE WHEN q.seqcycle THEN ' cycle' END, CASE c.relpersistence WHEN 'u' THEN ' unlogged' END,
    (SELECT ' owned by ' || d.refobjid::regclass || '.' || quote_ident(a.attname)
      FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0))`;
const SEQUENCES = `
  SELECT ${objectBy('n.key', value(SEQUENCE))}
  FROM named n JOIN pg_namespace s ON s.nspname = n.space
  JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = n.name JOIN pg_sequence q ON q.seqrelid = c.oid
  WHERE n.section = 'sequences'`;

/** Not the version: it differs from server to server for the same schema. */
const EXTENSIONS = `
  SELECT ${objectBy('n.key', value("'in schema ' || quote_ident(s.nspname)"))}
  FROM named n JOIN pg_extension e ON quote_ident(e.extname) = n.key JOIN pg_namespace s ON s.oid = e.extnamespace
  WHERE n.section = 'extensions'`;

/** To plan these takes longer than to run them, so only what is named is asked; tables always: of nothing is no object made. */
const SECTIONS = { tables: TABLES, functions: FUNCTIONS, types: TYPES, sequences: SEQUENCES, extensions: EXTENSIONS };

/**
 * The query for the state of named objects.
 *
 * @param quote makes an SQL literal of a text
 * @returns one row with the text of one JSON document, `catalog`: a schema with what is there. What an object does not have is left
 *   out of it, and so are objects that are not there.
 */
export function catalogQuery(names: Names, quote: (text: string) => string): string {
  const sections = Object.entries(SECTIONS).filter(([section]) => section === 'tables' || section in names);
  return `
  WITH named AS MATERIALIZED (
    SELECT j.key AS section, k.key, p.parts[1]::name AS space, p.parts[2]::name AS name
    FROM json_each(${quote(JSON.stringify(names))}) j, json_array_elements_text(j.value) AS k(key),
      parse_ident(k.key, false) AS p(parts)),
  relation AS MATERIALIZED (
    SELECT n.key, c.*, (SELECT string_agg(i.inhparent::regclass::text
        || CASE WHEN i.inhdetachpending THEN ' (detach pending)' ELSE '' END, ', ' ORDER BY i.inhseqno)
      FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parents
    FROM named n JOIN pg_namespace s ON s.nspname = n.space
    JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = n.name WHERE n.section = 'tables')
  SELECT ${object(Object.fromEntries(sections.map(([section, query]) => [section, `(${query})`])))} AS catalog`;
}
