/** What the queries are about. One table has the name of its schema. */
export const viewTables = ['t', 'u', 'public'].map((name) => `CREATE TABLE ${name} (a integer, b text)`).join('; ');

/**
 * Queries of views on tables of `a integer, b text`, and how PostgreSQL 16 and later write
 * them. Before, they write each column with the name of its relation; to the check it has to be the same.
 */
export const viewQueries: Readonly<Record<string, string>> = {
  'SELECT a FROM t WHERE b IS DISTINCT FROM $$t.a$$': `SELECT a FROM public.t WHERE (b IS DISTINCT FROM 't.a'::text);`,
  'SELECT x.a, upper(x.b) AS c FROM t AS x ORDER BY x.b': 'SELECT a, upper(b) AS c FROM public.t x ORDER BY b;',
  'SELECT a, count(*) AS n FROM ONLY t GROUP BY a HAVING count(b) > 1':
    'SELECT a, count(*) AS n FROM ONLY public.t GROUP BY a HAVING (count(b) > 1);',
  'SELECT t AS whole FROM t': 'SELECT t.*::public.t AS whole FROM public.t;',
  'SELECT (SELECT max(u.a) FROM u WHERE u.b = t.b) AS m FROM t':
    'SELECT ( SELECT max(u.a) AS max FROM public.u WHERE (u.b = t.b)) AS m FROM public.t;',
  'SELECT a FROM t WHERE EXISTS (SELECT FROM u WHERE u.a = t.a)':
    'SELECT a FROM public.t WHERE (EXISTS ( SELECT FROM public.u WHERE (u.a = t.a)));',
  'WITH w AS (SELECT a FROM t) SELECT a FROM w': 'WITH w AS ( SELECT t.a FROM public.t ) SELECT a FROM w;',
  'SELECT s.a FROM (SELECT a, b FROM t) s WHERE s.b > $$x$$': `SELECT a FROM ( SELECT t.a, t.b FROM public.t) s WHERE (b > 'x'::text);`,
  'SELECT v.x FROM (VALUES (1), (2)) v(x)': 'SELECT x FROM ( VALUES (1), (2)) v(x);',
  'SELECT g FROM generate_series(1, 3) g': 'SELECT g FROM generate_series(1, 3) g(g);',
  'SELECT n, o FROM unnest(ARRAY[1]) WITH ORDINALITY g(n, o)':
    'SELECT n, o FROM unnest(ARRAY[1]) WITH ORDINALITY g(n, o);',
  'SELECT t.a FROM t JOIN u ON u.a = t.a': 'SELECT t.a FROM (public.t JOIN public.u ON ((u.a = t.a)));',
  'SELECT t.a, u.b FROM t, u': 'SELECT t.a, u.b FROM public.t, public.u;',
  'SELECT t.a FROM t UNION ALL SELECT u.a FROM u': 'SELECT t.a FROM public.t UNION ALL SELECT u.a FROM public.u;',
  'SELECT a FROM t WHERE b > $$x$$ UNION ALL SELECT a FROM u': `SELECT t.a FROM public.t WHERE (t.b > 'x'::text) UNION ALL SELECT u.a FROM public.u;`,
  'SELECT j.b FROM (t JOIN u USING (a, b)) j': 'SELECT j.b FROM (public.t JOIN public.u USING (a, b)) j;',
  'SELECT a FROM public': 'SELECT a FROM public.public;',
  'SELECT NULL::t AS c FROM public': 'SELECT NULL::public.t AS c FROM public.public;',
  'SELECT (ROW(a, b)::u).a AS c FROM t': 'SELECT (ROW(a, b)::public.u).a AS c FROM public.t;',
  'SELECT upper(upper.b) AS c FROM u AS upper': 'SELECT upper(b) AS c FROM public.u upper;',
  'SELECT a, row_number() OVER w AS n FROM t WINDOW w AS (PARTITION BY b ORDER BY a)':
    'SELECT a, row_number() OVER w AS n FROM public.t WINDOW w AS (PARTITION BY b ORDER BY a);',
  'SELECT a FROM t TABLESAMPLE system (50)': 'SELECT a FROM public.t TABLESAMPLE system (50);',
  'SELECT extract(year FROM now()) AS y, a FROM t': 'SELECT EXTRACT(year FROM now()) AS y, a FROM public.t;',
  'SELECT DISTINCT ON (b) b, a FROM t ORDER BY b, a DESC':
    'SELECT DISTINCT ON (b) b, a FROM public.t ORDER BY b, a DESC;',
  'SELECT a FROM t LIMIT 3': 'SELECT a FROM public.t LIMIT 3;',
};
