/** SQL for a collation, if it is not the one of the type: ` COLLATE name`; otherwise null. */
export const collation = (id: string, type: string) => `(
    SELECT ' COLLATE ' || (pg_identify_object('pg_collation'::regclass, ${id}, 0)).identity
    FROM pg_type b WHERE b.oid = ${type} AND b.typcollation <> ${id} AND ${id} <> 0)`;

/**
 * The kinds of objects. The names of the catalog's columns begin with `prefix`, such as `relname`. All other
 * values are SQL, in which `o` is a row of the catalog. `object` is the name in effects. `exists` says which
 * rows are objects, if not all are. `part` is the name of the part that has the definition, if not ''.
 */
export const KINDS = [
  {
    catalog: 'pg_class',
    prefix: 'rel',
    object: `format('%s%I.%I', CASE o.relkind WHEN 'S' THEN 'sequence ' END, s.nspname, o.relname)`,
    exists: `o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
    part: `CASE o.relkind WHEN 'S' THEN '' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
      WHEN 'f' THEN 'foreign table' ELSE 'table' END`,
    // Since PostgreSQL 15, the sequence of a column is UNLOGGED if its table is. Before, it never is. So omit
    // this UNLOGGED: an effect then matches on all versions. pg_dump does not write the type of the
    // sequence of an identity column, so a restore gives it the type of the column: use this type here, too.
    definition: `CASE o.relkind WHEN 'S' THEN (
        SELECT concat(CASE WHEN o.relpersistence = 'u' AND NOT EXISTS (
            SELECT FROM pg_class t WHERE t.oid = d.refobjid AND t.relpersistence = 'u') THEN 'UNLOGGED ' END,
          'AS ', coalesce((SELECT a.atttypid FROM pg_attribute a WHERE d.deptype = 'i'
            AND (a.attrelid, a.attnum) = (d.refobjid, d.refobjsubid)), q.seqtypid)::regtype,
          ' START ', q.seqstart, ' INCREMENT ', q.seqincrement,
          ' MINVALUE ', q.seqmin, ' MAXVALUE ', q.seqmax, ' CACHE ', q.seqcache,
          CASE WHEN q.seqcycle THEN ' CYCLE' END,
          ' OWNED BY ' || (pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid)).identity)
        FROM pg_sequence q
          LEFT JOIN pg_depend d ON d.classid = o.tableoid AND d.objid = o.oid AND d.refobjsubid > 0
        WHERE q.seqrelid = o.oid)
      ELSE concat(
        CASE WHEN o.relkind IN ('v', 'm') THEN btrim(pg_get_viewdef(o.oid), ' ;') END,
        CASE WHEN NOT o.relispopulated THEN ' WITH NO DATA' END,
        CASE WHEN o.relpersistence = 'u' THEN ' UNLOGGED' END,
        (SELECT format(CASE WHEN o.relispartition THEN ' PARTITION OF %s %s' ELSE ' INHERITS (%s)' END,
            string_agg(
              concat(i.inhparent::regclass, CASE WHEN i.inhdetachpending THEN ' DETACH PENDING' END),
              ', ' ORDER BY i.inhseqno), pg_get_expr(o.relpartbound, o.oid))
          FROM pg_inherits i WHERE i.inhrelid = o.oid HAVING count(*) > 0),
        ' PARTITION BY ' || pg_get_partkeydef(o.oid),
        ' SERVER ' || (
          SELECT quote_ident(f.srvname) FROM pg_foreign_table t JOIN pg_foreign_server f ON f.oid = t.ftserver
          WHERE t.ftrelid = o.oid)) END`,
  },
  {
    catalog: 'pg_type',
    prefix: 'typ',
    object: `format('%s %I.%I', CASE o.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, s.nspname, o.typname)`,
    exists: `(o.typtype IN ('d', 'e', 'r')
      OR EXISTS (SELECT FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c'))`,
    definition: `'AS ' || CASE o.typtype
      WHEN 'e' THEN format('ENUM (%s)', (
        SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
        FROM pg_enum e WHERE e.enumtypid = o.oid))
      WHEN 'd' THEN concat(
        format_type(o.typbasetype, o.typtypmod), ${collation('o.typcollation', 'o.typbasetype')},
        CASE WHEN o.typnotnull THEN ' NOT NULL' END,
        ' DEFAULT ' || pg_get_expr(o.typdefaultbin, 0), (
          SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)),
            '' ORDER BY k.conname)
          FROM pg_constraint k WHERE k.contypid = o.oid AND k.contype = 'c'))
      WHEN 'r' THEN format('RANGE (SUBTYPE = %s)', (
        SELECT g.rngsubtype::regtype FROM pg_range g WHERE g.rngtypid = o.oid))
      ELSE format('(%s)', (
        SELECT string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
          ${collation('a.attcollation', 'a.atttypid')}), ', ' ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = o.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
      END`,
  },
  {
    catalog: 'pg_proc',
    prefix: 'pro',
    object: `'function ' || o.oid::regprocedure`,
    definition: `CASE o.prokind
      WHEN 'a' THEN (
        SELECT format('CREATE AGGREGATE %s (SFUNC = %s, STYPE = %s)',
          o.oid::regprocedure, a.aggtransfn, a.aggtranstype::regtype)
        FROM pg_aggregate a WHERE a.aggfnoid = o.oid)
      ELSE rtrim(pg_get_functiondef(o.oid), E'\\n') END`,
  },
  {
    catalog: 'pg_extension',
    prefix: 'ext',
    object: `'extension ' || quote_ident(o.extname)`,
    // The version of an extension is not compared: it differs between servers.
    definition: `'SCHEMA ' || quote_ident(s.nspname)`,
  },
];
