import { changed, missing, type AlarmCase } from './case.js';

const object = 'type public.x';
const isGone = (name: string, make: string, state: string): AlarmCase => ({
  name: `${name} is missing`,
  make,
  spoil: 'DROP TYPE x',
  differences: [missing(object, state)],
});
const becomes = (name: string, make: string, spoil: string, expected: string, found: string, since = 0): AlarmCase => ({
  name,
  since,
  make,
  spoil,
  differences: [changed(object, expected, found)],
});
const anew = (name: string, from: string, to: string, expected: string, found: string, since = 0): AlarmCase =>
  becomes(name, from, `DROP TYPE x; ${to}`, expected, found, since);

const mood = `CREATE TYPE x AS ENUM ('b', 'a')`;
const domain = 'CREATE DOMAIN x AS varchar(9)';
const composite = 'CREATE TYPE x AS (a integer, b text)';
const range = 'CREATE TYPE x AS RANGE (subtype = integer)';

export const types: readonly AlarmCase[] = [
  isGone('an enum', mood, `enum ('b', 'a')`),
  isGone('a domain', domain, 'domain character varying(9)'),
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

  anew(
    'another base type',
    domain,
    'CREATE DOMAIN x AS varchar(8)',
    'domain character varying(9)',
    'domain character varying(8)',
  ),
  becomes(
    'NOT NULL is added',
    domain,
    'ALTER DOMAIN x SET NOT NULL',
    'domain character varying(9)',
    'domain character varying(9) not null',
  ),
  becomes(
    'NOT NULL is lost',
    `${domain} NOT NULL`,
    'ALTER DOMAIN x DROP NOT NULL',
    'domain character varying(9) not null',
    'domain character varying(9)',
  ),
  becomes(
    'a default is added',
    domain,
    `ALTER DOMAIN x SET DEFAULT 'd'`,
    'domain character varying(9)',
    `domain character varying(9) default 'd'::character varying`,
  ),
  becomes(
    'a default is lost',
    `${domain} DEFAULT 'd'`,
    'ALTER DOMAIN x DROP DEFAULT',
    `domain character varying(9) default 'd'::character varying`,
    'domain character varying(9)',
  ),
  anew(
    'a collation is added',
    domain,
    `${domain} COLLATE "C"`,
    'domain character varying(9)',
    'domain character varying(9) collate pg_catalog."C"',
  ),
  anew(
    'a collation is lost',
    `${domain} COLLATE "C"`,
    domain,
    'domain character varying(9) collate pg_catalog."C"',
    'domain character varying(9)',
  ),
  becomes(
    'a check is added',
    'CREATE DOMAIN x AS integer',
    'ALTER DOMAIN x ADD CONSTRAINT c CHECK (VALUE > 0)',
    'domain integer',
    'domain integer c CHECK ((VALUE > 0))',
  ),
  becomes(
    'a check is lost',
    'CREATE DOMAIN x AS integer CONSTRAINT c CHECK (VALUE > 0)',
    'ALTER DOMAIN x DROP CONSTRAINT c',
    'domain integer c CHECK ((VALUE > 0))',
    'domain integer',
  ),
  becomes(
    'a check is renamed',
    'CREATE DOMAIN x AS integer CONSTRAINT c CHECK (VALUE > 0)',
    'ALTER DOMAIN x RENAME CONSTRAINT c TO d',
    'domain integer c CHECK ((VALUE > 0))',
    'domain integer d CHECK ((VALUE > 0))',
  ),
  becomes(
    'a check is not valid',
    'CREATE DOMAIN x AS integer CONSTRAINT c CHECK (VALUE > 0)',
    'ALTER DOMAIN x DROP CONSTRAINT c; ALTER DOMAIN x ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID',
    'domain integer c CHECK ((VALUE > 0))',
    'domain integer c CHECK ((VALUE > 0)) NOT VALID',
  ),
  becomes(
    'the second of two checks is another',
    'CREATE DOMAIN x AS integer CONSTRAINT a CHECK (VALUE > 0) CONSTRAINT b CHECK (VALUE > 1)',
    'ALTER DOMAIN x DROP CONSTRAINT b; ALTER DOMAIN x ADD CONSTRAINT b CHECK (VALUE > 2)',
    'domain integer a CHECK ((VALUE > 0)) b CHECK ((VALUE > 1))',
    'domain integer a CHECK ((VALUE > 0)) b CHECK ((VALUE > 2))',
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
    'a range of something else',
    range,
    'CREATE TYPE x AS RANGE (subtype = bigint)',
    'range of integer',
    'range of bigint',
  ),
];
