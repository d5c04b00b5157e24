import { bothWays, changed, missing, type AlarmCase } from './case.js';

const object = 'function public.f()';
const simple = `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'`;

/** A function that is made anew in another way. */
const isNow = (name: string, from: string, to: string, expected: string, found: string, title = object): AlarmCase => ({
  name,
  make: from,
  spoil: `DROP ROUTINE f; ${to}`,
  differences: [changed(title, expected, found)],
});
const attribute = (name: string, add: string, remove: string, without: string, has: string): AlarmCase[] =>
  bothWays({
    name,
    base: simple,
    add: `ALTER FUNCTION f() ${add}`,
    remove: `ALTER FUNCTION f() ${remove}`,
    object,
    without,
    with: has,
  });

export const functions: readonly AlarmCase[] = [
  {
    name: 'a function is missing',
    make: simple,
    spoil: 'DROP FUNCTION f()',
    differences: [missing(object, 'returns integer, language sql, body SELECT 1')],
  },
  {
    name: 'a function is renamed',
    make: simple,
    spoil: 'ALTER FUNCTION f() RENAME TO g',
    differences: [missing(object, 'returns integer, language sql, body SELECT 1')],
  },
  {
    name: 'one of two functions of the same name is missing',
    make: `${simple}; CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 2'`,
    spoil: 'DROP FUNCTION f(integer)',
    differences: [
      missing('function public.f(integer)', 'arguments a integer, returns integer, language sql, body SELECT 2'),
    ],
  },
  {
    name: 'a function takes another type now',
    make: `CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    spoil: `DROP FUNCTION f; CREATE FUNCTION f(a bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    differences: [
      missing('function public.f(integer)', 'arguments a integer, returns integer, language sql, body SELECT 1'),
    ],
  },
  isNow(
    'a function is a procedure now',
    `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT 1'`,
    `CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'`,
    'returns void, function',
    'no returns, procedure',
  ),
  isNow(
    'a procedure is a function now',
    `CREATE PROCEDURE f() LANGUAGE sql AS 'SELECT 1'`,
    `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT 1'`,
    'procedure, no returns',
    'function, returns void',
  ),
  isNow(
    'an aggregate is a function now',
    'CREATE AGGREGATE f(integer) (sfunc = int4pl, stype = integer)',
    `CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    'aggregate, language internal, volatility immutable, body aggregate_dummy',
    'function, language sql, no volatility, body SELECT 1',
    'function public.f(integer)',
  ),
  isNow(
    'a window function is an ordinary one now',
    `CREATE FUNCTION f() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number'`,
    `CREATE FUNCTION f() RETURNS bigint LANGUAGE internal AS 'window_row_number'`,
    'window function',
    'function',
  ),
  isNow(
    'an argument has another name',
    `CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    `CREATE FUNCTION f(b integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    'arguments a integer',
    'arguments b integer',
    'function public.f(integer)',
  ),
  isNow(
    'an argument has a default',
    `CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    `CREATE FUNCTION f(a integer DEFAULT 7) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    'arguments a integer',
    'arguments a integer DEFAULT 7',
    'function public.f(integer)',
  ),
  isNow(
    'an argument is also a result',
    `CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    `CREATE FUNCTION f(INOUT a integer) LANGUAGE sql AS 'SELECT 1'`,
    'arguments a integer',
    'arguments INOUT a integer',
    'function public.f(integer)',
  ),
  isNow('another result', simple, simple.replace('integer', 'bigint'), 'returns integer', 'returns bigint'),
  isNow(
    'a set of results',
    simple,
    simple.replace('integer', 'SETOF integer'),
    'returns integer',
    'returns SETOF integer',
  ),
  isNow(
    'a table of results',
    simple.replace('integer', 'TABLE (a integer)'),
    simple.replace('integer', 'TABLE (b integer)'),
    'returns TABLE(a integer)',
    'returns TABLE(b integer)',
  ),
  isNow(
    'another language',
    `CREATE FUNCTION f() RETURNS void LANGUAGE sql AS ''`,
    `SET check_function_bodies = off; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS ''`,
    'language sql',
    'language plpgsql',
  ),
  isNow('another body', simple, simple.replace('SELECT 1', 'SELECT 2'), 'body SELECT 1', 'body SELECT 2'),
  isNow(
    'another body in the standard form',
    'CREATE FUNCTION f() RETURNS integer LANGUAGE sql RETURN 1',
    'CREATE FUNCTION f() RETURNS integer LANGUAGE sql RETURN 2',
    'body RETURN 1',
    'body RETURN 2',
  ),
  ...attribute('IMMUTABLE', 'IMMUTABLE', 'VOLATILE', 'no volatility', 'volatility immutable'),
  ...attribute('STABLE', 'STABLE', 'VOLATILE', 'no volatility', 'volatility stable'),
  ...attribute('PARALLEL SAFE', 'PARALLEL SAFE', 'PARALLEL UNSAFE', 'no parallel', 'parallel safe'),
  ...attribute('PARALLEL RESTRICTED', 'PARALLEL RESTRICTED', 'PARALLEL UNSAFE', 'no parallel', 'parallel restricted'),
  ...attribute('STRICT', 'STRICT', 'CALLED ON NULL INPUT', 'no strict', 'strict'),
  ...attribute('LEAKPROOF', 'LEAKPROOF', 'NOT LEAKPROOF', 'no leakproof', 'leakproof'),
  ...attribute('SECURITY DEFINER', 'SECURITY DEFINER', 'SECURITY INVOKER', 'no security definer', 'security definer'),
  ...attribute('a setting', `SET work_mem = '1MB'`, 'RESET work_mem', 'no settings', 'settings work_mem=1MB'),
  {
    name: 'another value of a setting',
    make: `${simple}; ALTER FUNCTION f() SET work_mem = '1MB' SET jit = off`,
    spoil: `ALTER FUNCTION f() SET work_mem = '2MB'`,
    differences: [changed(object, 'settings work_mem=1MB, jit=off', 'settings work_mem=2MB, jit=off')],
  },
];
