export interface Definition {
  readonly name: string;
  readonly make: string;
  readonly since?: number;
}

const varchar = 'CREATE TABLE t (a integer, b varchar(9))';
const yes = `b IN ('x', 'y, z')`;

/** Definitions that PostgreSQL keeps, or reads again, in other words than they were made in. */
export const definitions: readonly Definition[] = [
  { name: 'a check of a varchar against a list', make: `${varchar}; ALTER TABLE t ADD CHECK (${yes})` },
  { name: 'a check with a list in a list', make: `${varchar}; ALTER TABLE t ADD CHECK (${yes} = (b IN (b, 'q')))` },
  {
    name: 'a check against an array of another type',
    make: `${varchar}; ALTER TABLE t ADD CHECK (b = ANY (ARRAY['x'::varchar(3), b]) AND a = ANY (ARRAY[1, -2]::bigint[]))`,
  },
  { name: 'a partial index with a list', make: `${varchar}; CREATE INDEX i ON t (a) WHERE ${yes}` },
  { name: 'a view with a list', make: `${varchar}; CREATE VIEW v AS SELECT a FROM t WHERE ${yes}` },
  {
    name: 'a policy with a list',
    make: `${varchar}; CREATE POLICY p ON t USING (${yes}) WITH CHECK (b NOT IN ('q', 'r'))`,
  },
  {
    name: 'a generated column with a list',
    make: `${varchar}; ALTER TABLE t ADD c boolean GENERATED ALWAYS AS (${yes}) STORED`,
  },
  {
    name: 'a trigger with a list',
    make: `${varchar}; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.${yes}) EXECUTE FUNCTION f()`,
  },
  { name: 'a domain with a list', make: `CREATE DOMAIN d AS varchar(9) CHECK (VALUE IN ('x', 'y'))` },
  {
    name: 'a domain with the default of a sequence',
    make: `CREATE SEQUENCE s; CREATE DOMAIN d AS bigint DEFAULT nextval('s')`,
  },
  { name: 'a domain with a default of an enum', make: `CREATE TYPE e AS ENUM ('x'); CREATE DOMAIN d AS e DEFAULT 'x'` },
  {
    name: 'the options of a view, in the order in which they came',
    make: `${varchar}; CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v SET (check_option = local); ALTER VIEW v SET (security_barrier = true)`,
  },
  { name: 'the order of two parents', make: 'CREATE TABLE p (); CREATE TABLE q (); CREATE TABLE t () INHERITS (q, p)' },
  {
    name: 'the settings of a function',
    make: `CREATE FUNCTION f() RETURNS integer LANGUAGE sql SET search_path = public, pg_temp SET datestyle = 'German' AS 'SELECT 1'`,
  },
  { name: 'a materialized view without rows', make: 'CREATE MATERIALIZED VIEW m AS SELECT 1 AS a WITH NO DATA' },
  {
    name: 'keys and indexes of partitions',
    make: `CREATE TABLE p (a integer PRIMARY KEY, b integer) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
      CREATE INDEX ON p (b); CREATE TABLE t (a integer REFERENCES p)`,
  },
  {
    name: 'a NOT NULL that is not valid',
    since: 18,
    make: 'CREATE TABLE t (a integer); ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID',
  },
];
