import { changed, missing, type AlarmCase } from './case.js';

const object = 'type public.x';
export const isGone = (name: string, make: string, state: string): AlarmCase => ({
  name: `${name} is missing`,
  make,
  spoil: 'DROP TYPE x',
  differences: [missing(object, state)],
});
export const becomes = (
  name: string,
  make: string,
  spoil: string,
  expected: string,
  found: string,
  since = 0,
): AlarmCase => ({
  name,
  since,
  make,
  spoil,
  differences: [changed(object, expected, found)],
});
export const anew = (name: string, from: string, to: string, expected: string, found: string, since = 0): AlarmCase =>
  becomes(name, from, `DROP TYPE x; ${to}`, expected, found, since);

const mood = `CREATE TYPE x AS ENUM ('b', 'a')`;
/** A collation of a schema whose name needs quotes. */
export const quotedCollation = `CREATE SCHEMA "S s"; CREATE COLLATION "S s".c (locale = 'C')`;
export const domain = 'CREATE DOMAIN x AS varchar(9)';
const composite = 'CREATE TYPE x AS (a integer, b text)';
const range = 'CREATE TYPE x AS RANGE (subtype = integer)';

export const types: readonly AlarmCase[] = [
  isGone('an enum', mood, `enum ('b', 'a')`),
  isGone('a composite type', composite, 'composite (a integer, b text)'),
  isGone('a range', range, 'range of integer'),
  anew('an enum is a domain now', mood, domain, `enum ('b', 'a')`, 'domain character varying(9)'),
  anew(
    'a type is a base type now',
    mood,
    'CREATE TYPE x; CREATE FUNCTION i(cstring) RETURNS x LANGUAGE internal IMMUTABLE STRICT AS $$int4in$$; CREATE FUNCTION o(x) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS $$int4out$$; CREATE TYPE x (input = i, output = o, like = integer)',
    `enum ('b', 'a')`,
    'type',
  ),

  becomes('a value at the end', mood, `ALTER TYPE x ADD VALUE 'c'`, `enum ('b', 'a')`, `enum ('b', 'a', 'c')`),
  becomes('a value between', mood, `ALTER TYPE x ADD VALUE 'c' BEFORE 'a'`, `enum ('b', 'a')`, `enum ('b', 'c', 'a')`),
  becomes('a value is renamed', mood, `ALTER TYPE x RENAME VALUE 'a' TO 'A'`, `enum ('b', 'a')`, `enum ('b', 'A')`),
  anew('values in another order', mood, `CREATE TYPE x AS ENUM ('a', 'b')`, `enum ('b', 'a')`, `enum ('a', 'b')`),
  anew('a value is gone', mood, `CREATE TYPE x AS ENUM ('b')`, `enum ('b', 'a')`, `enum ('b')`),
  anew(
    'values with a comma in them',
    `CREATE TYPE x AS ENUM ('a', 'b')`,
    `CREATE TYPE x AS ENUM ('a'', ''b')`,
    `enum ('a', 'b')`,
    `enum ('a'', ''b')`,
  ),

  becomes(
    'an attribute more',
    composite,
    'ALTER TYPE x ADD ATTRIBUTE c integer',
    'composite (a integer, b text)',
    'composite (a integer, b text, c integer)',
  ),
  becomes(
    'an attribute less',
    composite,
    'ALTER TYPE x DROP ATTRIBUTE a',
    'composite (a integer, b text)',
    'composite (b text)',
  ),
  becomes(
    'no attribute',
    composite,
    'ALTER TYPE x DROP ATTRIBUTE a, DROP ATTRIBUTE b',
    'composite (a integer, b text)',
    'composite ()',
  ),
  becomes(
    'an attribute of another type',
    composite,
    'ALTER TYPE x ALTER ATTRIBUTE a TYPE numeric(4,2)',
    'composite (a integer, b text)',
    'composite (a numeric(4,2), b text)',
  ),
  becomes(
    'an attribute of another name',
    composite,
    'ALTER TYPE x RENAME ATTRIBUTE a TO "A b"',
    'composite (a integer, b text)',
    'composite ("A b" integer, b text)',
  ),
  anew(
    'attributes in another order',
    composite,
    'CREATE TYPE x AS (b text, a integer)',
    'composite (a integer, b text)',
    'composite (b text, a integer)',
  ),
  anew(
    'an attribute has a collation',
    composite,
    'CREATE TYPE x AS (a integer, b text COLLATE "C")',
    'composite (a integer, b text)',
    'composite (a integer, b text collate pg_catalog."C")',
  ),

  anew(
    'an attribute has a collation of a schema whose name needs quotes',
    `${composite}; ${quotedCollation}`,
    'CREATE TYPE x AS (a integer, b text COLLATE "S s".c)',
    'composite (a integer, b text)',
    'composite (a integer, b text collate "S s".c)',
  ),

  anew(
    'a range of something else',
    range,
    'CREATE TYPE x AS RANGE (subtype = bigint)',
    'range of integer',
    'range of bigint',
  ),
];
