import { afterAll, describe, expect, test } from 'vitest';
import { differencesIn, isKnownHere, Stage } from './support/alarm.js';
import { call } from './support/call.js';

const stage = new Stage();
afterAll(() => stage.close(), 300_000);

/** Something that changes and that the check does not see. The README names each of these kinds. */
interface Limit {
  readonly name: string;
  readonly make: string;
  readonly spoil: string;
  readonly since?: number;
}

const table = 'CREATE TABLE t (a integer, b text)';
const simple = `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'`;
const view = 'CREATE VIEW v AS SELECT 1 AS a';
const foreign = `CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE t (a integer) SERVER s OPTIONS (filename '/dev/null')`;

const limits: readonly Limit[] = [
  { name: 'comments', make: table, spoil: `COMMENT ON TABLE t IS 'x'; COMMENT ON COLUMN t.a IS 'y'` },
  {
    name: 'owners',
    make: `${table}; ${simple}`,
    spoil: 'ALTER TABLE t OWNER TO pg_monitor; ALTER FUNCTION f() OWNER TO pg_monitor',
  },
  {
    name: 'privileges',
    make: `${table}; ${simple}`,
    spoil: 'GRANT ALL ON t TO PUBLIC; REVOKE ALL ON FUNCTION f() FROM PUBLIC',
  },
  { name: 'default privileges', make: table, spoil: 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC' },
  {
    name: 'statistics',
    make: table,
    spoil: 'ALTER TABLE t ALTER a SET STATISTICS 9; CREATE STATISTICS s ON a, b FROM t',
  },
  { name: 'column options', make: table, spoil: 'ALTER TABLE t ALTER a SET (n_distinct = 5)' },
  {
    name: 'the order of columns',
    make: table,
    spoil: 'ALTER TABLE t RENAME a TO c; ALTER TABLE t ADD a integer; ALTER TABLE t DROP c',
  },
  { name: 'how a column is stored', make: table, spoil: 'ALTER TABLE t ALTER b SET STORAGE EXTERNAL' },
  { name: 'how a column is compressed', make: table, spoil: 'ALTER TABLE t ALTER b SET COMPRESSION pglz' },
  {
    name: 'storage parameters of a table',
    make: table,
    spoil: 'ALTER TABLE t SET (fillfactor = 50, autovacuum_enabled = off)',
  },
  {
    name: 'storage parameters of a materialized view',
    make: 'CREATE MATERIALIZED VIEW m AS SELECT 1 AS a',
    spoil: 'ALTER MATERIALIZED VIEW m SET (fillfactor = 50)',
  },
  {
    name: 'the index by which a table was clustered',
    make: `${table}; CREATE INDEX i ON t (a)`,
    spoil: 'CLUSTER t USING i',
  },
  { name: 'the replica identity', make: table, spoil: 'ALTER TABLE t REPLICA IDENTITY FULL' },
  { name: 'publications', make: table, spoil: 'CREATE PUBLICATION p FOR TABLE t' },
  { name: 'rules', make: table, spoil: 'CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING' },
  {
    name: 'event triggers',
    make: table,
    spoil: `CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION e()`,
  },
  {
    name: 'triggers that PostgreSQL made for a foreign key',
    make: 'CREATE TABLE p (a integer PRIMARY KEY); CREATE TABLE t (a integer REFERENCES p)',
    spoil: 'ALTER TABLE t DISABLE TRIGGER ALL',
  },
  {
    name: 'the name of a NOT NULL',
    since: 18,
    make: 'CREATE TABLE t (a integer NOT NULL)',
    spoil: 'ALTER TABLE t RENAME CONSTRAINT t_a_not_null TO other',
  },
  {
    name: 'white space in the body of a function',
    make: simple,
    spoil: `CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS E'\\n  SELECT\\t1\\n'`,
  },
  {
    name: 'white space in a literal in the body of a function',
    make: `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'a b'$$`,
    spoil: `CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'a  b'$$`,
  },
  { name: 'the cost of a function', make: simple, spoil: 'ALTER FUNCTION f() COST 7' },
  {
    name: 'the parts of an aggregate',
    make: 'CREATE AGGREGATE f(integer) (sfunc = int4pl, stype = integer)',
    spoil: 'DROP AGGREGATE f(integer); CREATE AGGREGATE f(integer) (sfunc = int4mi, stype = integer)',
  },
  {
    name: 'the operator class and the functions of a range',
    make: 'CREATE TYPE x AS RANGE (subtype = float8)',
    spoil: 'DROP TYPE x; CREATE TYPE x AS RANGE (subtype = float8, subtype_diff = float8mi)',
  },
  { name: 'where a sequence is', make: 'CREATE SEQUENCE s', spoil: `SELECT setval('s', 99)` },
  {
    name: 'the version of an extension',
    make: 'CREATE EXTENSION citext',
    spoil: `UPDATE pg_extension SET extversion = '0.1' WHERE extname = 'citext'`,
  },
  {
    name: 'the options of a foreign table',
    make: foreign,
    spoil: `ALTER FOREIGN TABLE t OPTIONS (SET filename '/dev/zero')`,
  },
  { name: 'servers of foreign data', make: foreign, spoil: `CREATE SERVER other FOREIGN DATA WRAPPER file_fdw` },
  { name: 'tables that no effect names', make: table, spoil: 'CREATE TABLE u (a integer)' },
  { name: 'views that no effect names', make: table, spoil: view },
  { name: 'functions that no effect names', make: table, spoil: simple },
  {
    name: 'types, sequences and extensions that no effect names',
    make: table,
    spoil: `CREATE TYPE x AS ENUM ('a'); CREATE SEQUENCE s; CREATE EXTENSION citext`,
  },
  { name: 'schemas', make: table, spoil: 'CREATE SCHEMA other' },
  {
    name: 'partitions that no effect names',
    make: 'CREATE TABLE t (a integer) PARTITION BY LIST (a)',
    spoil: 'CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)',
  },
  { name: 'children that no effect names', make: table, spoil: 'CREATE TABLE u () INHERITS (t)' },
  {
    name: 'operators, casts, collations and text search',
    make: table,
    spoil: `CREATE COLLATION c (locale = 'C'); CREATE OPERATOR === (leftarg = integer, rightarg = integer, function = int4eq); CREATE TEXT SEARCH CONFIGURATION x (copy = simple)`,
  },
  {
    name: 'settings of the database and of roles',
    make: table,
    spoil: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '9MB'); END $$`,
  },
  { name: 'rows', make: table, spoil: `INSERT INTO t VALUES (1, 'x')` },
];

describe.concurrent('the check does not see', () => {
  test.for(limits.filter(isKnownHere))('$name', async ({ make, spoil }) => {
    await stage.withCopy(make, async (copy, root) => {
      await copy.query(spoil);
      expect(await differencesIn(copy, root)).toEqual([]);
    });
  });
});

test('without --strict, what is unexpected on a table of ours is a warning', async () => {
  await stage.withCopy(table, async (copy, root) => {
    await copy.query('CREATE INDEX mine ON t (a)');
    const { code, stderr, stdout } = await call(['check'], { url: copy.url, root });
    expect({ code, isNamed: /unexpected +index +public\.mine/.test(stdout + stderr) }).toEqual({
      code: 0,
      isNamed: true,
    });
  });
});
