/**
 * The names of everything that people made in a database, as {@link catalogQuery} takes them. Reads the whole catalog.
 *
 * @param ledger an SQL expression for the object id of the migrations table, which is left out with its sequence
 */
export const everythingQuery = (ledger: string): string => `
  WITH space AS (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
  part_of_extension AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
  SELECT CASE WHEN c.relkind = 'S' THEN 'sequences' ELSE 'tables' END AS section,
    quote_ident(s.nspname) || '.' || quote_ident(c.relname) AS key
  FROM pg_class c JOIN space s ON s.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ('pg_class'::regclass, c.oid) NOT IN (SELECT * FROM part_of_extension)
    AND c.oid IS DISTINCT FROM ${ledger} AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = d.classid AND d.refobjid = ${ledger})
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
