/** Something that changes and that the check does not see. */
export interface Limit {
  readonly name: string;
  readonly make: string;
  readonly spoil: string;
  readonly since?: number;
}

const table = 'CREATE TABLE t (a integer, b text)';
const simple = `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'`;
const series = `CREATE FUNCTION f() RETURNS SETOF integer LANGUAGE sql AS 'SELECT 1'`;
const foreign = `CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE t (a integer) SERVER s OPTIONS (filename '/dev/null')`;
const base = (alignment: string): string =>
  `CREATE TYPE x; CREATE FUNCTION i(cstring) RETURNS x LANGUAGE internal IMMUTABLE STRICT AS $$textin$$; CREATE FUNCTION o(x) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS $$textout$$; CREATE TYPE x (input = i, output = o, alignment = ${alignment})`;

/** By the words of the README's list, which has each of them and no others. */
export const limits: Readonly<Record<string, readonly Limit[]>> = {
  'comments, owners and grants': [
    { name: 'comments', make: table, spoil: `COMMENT ON TABLE t IS 'x'; COMMENT ON COLUMN t.a IS 'y'` },
    {
      name: 'owners',
      make: `${table}; ${simple}`,
      spoil: 'ALTER TABLE t OWNER TO pg_monitor; ALTER FUNCTION f() OWNER TO pg_monitor',
    },
    {
      name: 'privileges',
      make: `${table}; ${simple}`,
      spoil: 'GRANT ALL ON t TO PUBLIC; GRANT UPDATE (a) ON t TO PUBLIC; REVOKE ALL ON FUNCTION f() FROM PUBLIC',
    },
    { name: 'default privileges', make: table, spoil: 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC' },
  ],
  'statistics, and how tables are stored, clustered and replicated': [
    {
      name: 'statistics',
      make: table,
      spoil: 'ALTER TABLE t ALTER a SET STATISTICS 9, ALTER a SET (n_distinct = 5); CREATE STATISTICS s ON a, b FROM t',
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
      name: 'storage parameters of a key',
      make: 'CREATE TABLE t (a integer, CONSTRAINT k UNIQUE (a))',
      spoil: 'ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t ADD CONSTRAINT k UNIQUE (a) WITH (fillfactor = 50)',
    },
    {
      name: 'the index by which a table was clustered',
      make: `${table}; CREATE INDEX i ON t (a)`,
      spoil: 'CLUSTER t USING i',
    },
    { name: 'the replica identity', make: table, spoil: 'ALTER TABLE t REPLICA IDENTITY FULL' },
    { name: 'publications', make: table, spoil: 'CREATE PUBLICATION p FOR TABLE t' },
  ],
  'the order of columns, the type that a table was made of, what of an heir is its own, and names and heirs of NOT NULL':
    [
      {
        name: 'the order of columns',
        make: table,
        spoil: 'ALTER TABLE t RENAME a TO c; ALTER TABLE t ADD a integer; ALTER TABLE t DROP c',
      },
      {
        name: 'the name of a NOT NULL',
        since: 18,
        make: 'CREATE TABLE t (a integer NOT NULL)',
        spoil: 'ALTER TABLE t RENAME CONSTRAINT t_a_not_null TO other',
      },
      {
        name: 'a NOT NULL that is not inherited',
        since: 18,
        make: 'CREATE TABLE t (a integer NOT NULL)',
        spoil: 'ALTER TABLE t ALTER a DROP NOT NULL; ALTER TABLE t ADD CONSTRAINT t_a_not_null NOT NULL a NO INHERIT',
      },
      {
        name: 'whether a column is only inherited',
        make: 'CREATE TABLE p (a integer); CREATE TABLE t () INHERITS (p)',
        spoil: 'DROP TABLE t; CREATE TABLE t (a integer) INHERITS (p)',
      },
      {
        name: 'the type of a typed table',
        make: `${table}; CREATE TYPE x AS (a integer, b text)`,
        spoil: 'ALTER TABLE t OF x',
      },
    ],
  'rules, event triggers, and whether triggers are enabled that PostgreSQL made for foreign keys and in partitions': [
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
      name: 'the trigger of a partitioned table in one partition',
      make:
        'CREATE TABLE p (a integer) PARTITION BY LIST (a); CREATE TABLE t PARTITION OF p FOR VALUES IN (1); ' +
        `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; ` +
        'CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()',
      spoil: 'ALTER TABLE t DISABLE TRIGGER g',
    },
  ],
  'white space in the bodies of functions, what the planner is told of them, and the libraries of those in C': [
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
      name: 'the rows and the support function of a function',
      make: series,
      spoil: 'ALTER FUNCTION f() ROWS 7 SUPPORT generate_series_int4_support',
    },
    {
      name: 'the library of a function in C',
      make: 'CREATE EXTENSION citext',
      spoil: `UPDATE pg_proc SET probin = 'other' WHERE proname = 'citext_eq'`,
    },
  ],
  'the insides of aggregates, ranges, base types and extensions': [
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
    {
      name: 'how a base type is made',
      make: base('int4'),
      spoil: `DROP TYPE x CASCADE; ${base('double')}`,
    },
    {
      name: 'the version of an extension',
      make: 'CREATE EXTENSION citext',
      spoil: `UPDATE pg_extension SET extversion = '0.1' WHERE extname = 'citext'`,
    },
  ],
  'foreign servers, and the options of foreign tables': [
    {
      name: 'the options of a foreign table',
      make: foreign,
      spoil: `ALTER FOREIGN TABLE t OPTIONS (SET filename '/dev/zero')`,
    },
    { name: 'servers of foreign data', make: foreign, spoil: `CREATE SERVER other FOREIGN DATA WRAPPER file_fdw` },
  ],
  'settings of databases and roles': [
    {
      name: 'settings of the database and of roles',
      make: table,
      spoil: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '9MB'); END $$`,
    },
  ],
  'what no effect names outside the tables that migrations created': [
    { name: 'tables', make: table, spoil: 'CREATE TABLE u (a integer)' },
    { name: 'views', make: table, spoil: 'CREATE VIEW v AS SELECT 1 AS a' },
    { name: 'functions', make: table, spoil: simple },
    {
      name: 'types, sequences and extensions',
      make: table,
      spoil: `CREATE TYPE x AS ENUM ('a'); CREATE SEQUENCE s; CREATE EXTENSION citext`,
    },
    { name: 'schemas', make: table, spoil: 'CREATE SCHEMA other' },
    {
      name: 'partitions',
      make: 'CREATE TABLE t (a integer) PARTITION BY LIST (a)',
      spoil: 'CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)',
    },
    { name: 'children', make: table, spoil: 'CREATE TABLE u () INHERITS (t)' },
    {
      name: 'operators, casts, collations and text search',
      make: table,
      spoil: `CREATE COLLATION c (locale = 'C'); CREATE OPERATOR === (leftarg = integer, rightarg = integer, function = int4eq); CREATE TEXT SEARCH CONFIGURATION x (copy = simple)`,
    },
  ],
  'rows, and where sequences are': [
    { name: 'rows', make: table, spoil: `INSERT INTO t VALUES (1, 'x')` },
    { name: 'where a sequence is', make: 'CREATE SEQUENCE s', spoil: `SELECT setval('s', 99)` },
  ],
};
