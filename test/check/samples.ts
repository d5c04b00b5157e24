/** Settings that change how PostgreSQL prints things, as `ALTER DATABASE … SET` gives them to each session. */
export const settings = [
  'search_path = other, pg_temp',
  `search_path = ''`,
  'quote_all_identifiers = on',
  'standard_conforming_strings = off',
  'escape_string_warning = off',
  'backslash_quote = off',
  `DateStyle = 'SQL, DMY'`,
  `DateStyle = 'German'`,
  `IntervalStyle = 'sql_standard'`,
  `IntervalStyle = 'iso_8601'`,
  `TimeZone = 'Asia/Kathmandu'`,
  'bytea_output = escape',
  'extra_float_digits = -10',
  'xmlbinary = hex',
  'xmloption = document',
  'transform_null_equals = on',
  'array_nulls = off',
  'client_encoding = LATIN1',
  `default_transaction_isolation = 'serializable'`,
  'enable_indexscan = off',
  'check_function_bodies = off',
  'session_replication_role = replica',
  'row_security = off',
  `lc_monetary = 'C.utf8'`,
  `lc_numeric = 'C.utf8'`,
  `lc_messages = 'C.utf8'`,
  'join_collapse_limit = 1',
  'jit = on',
];

/** Definitions that these settings would print in another way. */
export const sensitive = `CREATE DOMAIN d AS text DEFAULT 'a\\b' CONSTRAINT c CHECK (VALUE <> '\\d');
  CREATE TABLE "select" ("user" text DEFAULT 'back\\slash' CHECK ("user" ~ '^\\d+\\s$'), day date DEFAULT '2024-02-03',
    moment timestamptz DEFAULT '2024-02-03 04:05:06+00', span interval DEFAULT '1 day 02:03:04', bytes bytea DEFAULT '\\xdeadbeef',
    share double precision DEFAULT '0.30000000000000004'::double precision, price money DEFAULT '1.5'::money, label d,
    CHECK (day > '2000-01-02'), EXCLUDE USING gist (tstzrange(moment, '2030-01-01 00:00:00+00') WITH &&));
  CREATE INDEX ON "select" (day) WHERE moment > '2024-01-01 00:00:00+00' AND "user" <> '\\';
  CREATE VIEW v AS SELECT "user" || '\\n' AS a, '1 mon'::interval AS b, '2024-02-03'::date AS c FROM "select";
  CREATE POLICY p ON "select" USING ("user" <> '\\' AND day > '2024-02-03');
  CREATE FUNCTION f(a date DEFAULT '2024-02-03', b text DEFAULT '\\') RETURNS text LANGUAGE sql AS 'SELECT  b;   SELECT ''ss\\s''';
  CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER t BEFORE UPDATE ON "select" FOR EACH ROW WHEN (NEW.day > '2024-02-03') EXECUTE FUNCTION g('\\', 'x')`;

/** Names that PostgreSQL allows and programs stumble over. */
const names = [
  'Upper Case',
  'a.b',
  'say "hi"',
  `it's`,
  'back\\slash',
  'select',
  '$dollar$',
  '100%',
  '1',
  'a,b;c--d/*e*/',
  ' blank ',
  'tab\tand\nline',
  '{curly}',
  'ü'.repeat(31) + 'x',
  '🐘'.repeat(15) + 'xyz',
  'constructor',
  'hasOwnProperty',
  '__proto__',
  'table',
  'column id',
  'null',
].map((name) => `"${name.replaceAll('"', '""')}"`);

const makeNamed = (
  name: string,
) => `CREATE TABLE ${name} (${name} integer, b integer, CONSTRAINT ${name} CHECK (${name} > 0));
  CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER ${name} BEFORE INSERT ON ${name} FOR EACH ROW EXECUTE FUNCTION ${name}();
  CREATE POLICY ${name} ON ${name}; CREATE INDEX ON ${name} (b);`;
const changeNamed = (
  name: string,
) => `DROP TRIGGER ${name} ON ${name}; DROP POLICY ${name} ON ${name};
  DROP FUNCTION ${name}(); ALTER TABLE ${name} DROP CONSTRAINT ${name}, DROP COLUMN ${name};`;

/** SQL that makes objects of all these names, and that changes each of them. */
export const named = {
  count: names.length,
  make: names.map(makeNamed).join('\n'),
  change: names.map(changeNamed).join('\n'),
};
