-- The schema `public`, except the table $1: one line for each table, column and so on.
WITH t AS (
  SELECT * FROM pg_class
  WHERE relkind IN ('r', 'v', 'm') AND relnamespace = 'public'::regnamespace AND relname <> $1)
SELECT format('%s: %s %s %s', relname, relkind, relpersistence, relrowsecurity) AS line FROM t
UNION ALL
SELECT concat_ws(' ', relname || '.' || attname, format_type(atttypid, atttypmod),
  CASE WHEN attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(adbin, adrelid))
FROM t JOIN pg_attribute ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL
SELECT concat_ws(' ', relname || '.' || conname, pg_get_constraintdef(c.oid))
FROM t JOIN pg_constraint c ON conrelid = t.oid AND contype <> 'n'
UNION ALL
SELECT concat_ws(' ', pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN 'INVALID' END)
FROM t JOIN pg_index ON indrelid = t.oid
UNION ALL
SELECT concat_ws(' ', pg_get_triggerdef(g.oid), CASE WHEN tgenabled <> 'O' THEN 'DISABLED' END)
FROM t JOIN pg_trigger g ON tgrelid = t.oid AND NOT tgisinternal
UNION ALL
SELECT concat_ws(' ', relname || '.' || polname, pg_get_expr(polqual, polrelid))
FROM t JOIN pg_policy ON polrelid = t.oid
UNION ALL
SELECT concat_ws(' ', oid::regprocedure, prosrc)
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'type ' || typname
FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typrelid = 0 AND typelem = 0
ORDER BY 1
