import { bothWays, changed, comesAndGoes, unexpected, type AlarmCase } from './case.js';

const tables = 'CREATE TABLE t (a integer, b text); CREATE TABLE u (a integer, b text)';
const object = 'view public.v';
const view = (query: string): string => `CREATE VIEW v AS ${query}`;
const isNow = (name: string, from: string, to: string, expected: string, found: string): AlarmCase => ({
  name,
  make: `${tables}; ${view(from)}`,
  spoil: `DROP VIEW v; ${view(to)}`,
  differences: [changed(object, `definition ${expected}`, `definition ${found}`)],
});

export const views: readonly AlarmCase[] = [
  isNow(
    'a condition',
    'SELECT a FROM t',
    'SELECT a FROM t WHERE a > 0',
    'SELECT a FROM public.t;',
    'SELECT a FROM public.t WHERE (a > 0);',
  ),
  isNow('another table', 'SELECT a FROM t', 'SELECT a FROM u', 'SELECT a FROM public.t;', 'SELECT a FROM public.u;'),
  isNow(
    'another literal',
    `SELECT 't.x'::text AS a FROM t`,
    `SELECT 'x'::text AS a FROM t`,
    `SELECT 't.x'::text AS a FROM public.t;`,
    `SELECT 'x'::text AS a FROM public.t;`,
  ),
  isNow(
    'white space in a literal',
    `SELECT 'x  y'::text AS a FROM t`,
    `SELECT 'x y'::text AS a FROM t`,
    `SELECT 'x  y'::text AS a FROM public.t;`,
    `SELECT 'x y'::text AS a FROM public.t;`,
  ),
  isNow(
    'the same column of the other table',
    'SELECT t.a FROM t JOIN u ON t.b = u.b',
    'SELECT u.a FROM t JOIN u ON t.b = u.b',
    'SELECT t.a FROM (public.t JOIN public.u ON ((t.b = u.b)));',
    'SELECT u.a FROM (public.t JOIN public.u ON ((t.b = u.b)));',
  ),
  isNow(
    'the column of an outer query',
    'SELECT (SELECT max(u.a) FROM u WHERE u.b = t.b) AS a FROM t',
    'SELECT (SELECT max(u.a) FROM u WHERE u.b = u.b) AS a FROM t',
    'SELECT ( SELECT max(u.a) AS max FROM public.u WHERE (u.b = t.b)) AS a FROM public.t;',
    'SELECT ( SELECT max(u.a) AS max FROM public.u WHERE (u.b = u.b)) AS a FROM public.t;',
  ),
  {
    name: 'one column more',
    make: `${tables}; ${view('SELECT a FROM t')}`,
    spoil: 'CREATE OR REPLACE VIEW v AS SELECT a, b FROM t',
    differences: [
      changed(object, 'definition SELECT a FROM public.t;', 'definition SELECT a, b FROM public.t;'),
      unexpected('column public.v.b', 'text'),
    ],
  },
  {
    name: 'a column of another type',
    make: view('SELECT 1 AS a'),
    spoil: `DROP VIEW v; ${view('SELECT 1::bigint AS a')}`,
    differences: [
      changed(object, 'definition SELECT 1 AS a;', 'definition SELECT (1)::bigint AS a;'),
      changed('column public.v.a', 'integer', 'bigint'),
    ],
  },
  ...bothWays({
    name: 'a column default',
    base: view('SELECT 1 AS a'),
    add: 'ALTER VIEW v ALTER a SET DEFAULT 5',
    remove: 'ALTER VIEW v ALTER a DROP DEFAULT',
    object: 'column public.v.a',
    without: 'no default',
    with: 'default 5',
  }),
  ...[
    ['a security barrier', 'security_barrier=true', 0],
    ['the rights of the invoker', 'security_invoker=true', 15],
    ['a check option', 'check_option=cascaded', 0],
  ].flatMap(([name, option, since]) =>
    bothWays({
      name: String(name),
      since: Number(since),
      base: `${tables}; ${view('SELECT a FROM t')}`,
      add: `ALTER VIEW v SET (${String(option)})`,
      remove: `ALTER VIEW v RESET (${String(option).replace(/=.*/, '')})`,
      object,
      without: 'no options',
      with: `options ${String(option)}`,
    }),
  ),
];

const materialized = 'CREATE MATERIALIZED VIEW m AS SELECT 1 AS a';

export const materializedViews: readonly AlarmCase[] = [
  {
    name: 'another definition',
    make: materialized,
    spoil: 'DROP MATERIALIZED VIEW m; CREATE MATERIALIZED VIEW m AS SELECT 2 AS a',
    differences: [changed('materialized view public.m', 'definition SELECT 1 AS a;', 'definition SELECT 2 AS a;')],
  },
  {
    name: 'emptiness',
    make: materialized,
    spoil: 'REFRESH MATERIALIZED VIEW m WITH NO DATA',
    differences: [changed('materialized view public.m', 'populated', 'not populated')],
    unlikeDump: 'pg_dump refreshes a view among the data, which it is told to leave out',
  },
  ...comesAndGoes({
    name: 'an index',
    base: materialized,
    add: 'CREATE INDEX i ON m (a)',
    remove: 'DROP INDEX i',
    object: 'index public.i',
    state: 'btree (a)',
  }),
];
