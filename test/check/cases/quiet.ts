/** What is nobody's business of the five migrations. */
export const elsewhere: Readonly<Record<string, string>> = {
  'other tables': 'CREATE TABLE other (a integer PRIMARY KEY); DROP TABLE sessions',
  'other schemas, with tables of the same names':
    'CREATE SCHEMA other; CREATE TABLE other.user_workflows (a integer); CREATE INDEX idx_user_workflows_user_id ON other.user_workflows (a)',
  'more columns on a shared table':
    'ALTER TABLE users ADD phone text NOT NULL; ALTER TABLE workflow_executions ADD note text',
  'fewer columns on a shared table': 'ALTER TABLE users DROP last_login; ALTER TABLE workflow_executions DROP output',
  'more indexes, constraints, triggers and policies on a shared table': `CREATE INDEX mine ON workflow_executions (status);
    ALTER TABLE workflow_executions ADD CONSTRAINT mine CHECK (status <> '') NOT VALID; CREATE POLICY mine ON workflow_executions;
    CREATE TRIGGER mine BEFORE UPDATE ON workflow_executions FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()`,
  'row security of a shared table': 'ALTER TABLE workflow_executions ENABLE ROW LEVEL SECURITY',
  'a default of a column that was there before': `ALTER TABLE workflow_executions ALTER template_id SET DEFAULT 'x'`,
  'foreign keys of other tables to ours': 'CREATE TABLE other (a uuid REFERENCES user_workflows)',
  'another function of the same name': `CREATE FUNCTION update_updated_at_column(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
  'other triggers with the shared function':
    'CREATE TRIGGER mine BEFORE UPDATE ON agents FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()',
  'views on our tables': 'CREATE VIEW mine AS SELECT * FROM user_workflows',
  comments: `COMMENT ON TABLE user_workflows IS 'x'; COMMENT ON COLUMN user_workflows.id IS 'x';
    COMMENT ON INDEX idx_user_workflows_user_id IS 'x'; COMMENT ON FUNCTION update_updated_at_column() IS 'x'`,
  statistics:
    'ALTER TABLE user_workflows ALTER name SET STATISTICS 500; CREATE STATISTICS mine ON user_id, category FROM user_workflows; ANALYZE',
  ownership:
    'ALTER TABLE user_workflows OWNER TO pg_database_owner; ALTER FUNCTION update_updated_at_column() OWNER TO pg_monitor',
  privileges:
    'GRANT ALL ON user_workflows TO PUBLIC; REVOKE EXECUTE ON FUNCTION update_updated_at_column() FROM PUBLIC',
  rows: `INSERT INTO workflow_templates (id, name, steps) SELECT i, i, '[]' FROM generate_series(1, 100) i; DELETE FROM workflow_templates`,
  'a table in a temporary schema': 'CREATE TEMPORARY TABLE user_workflows (a integer)',
  'columns in another order': `ALTER TABLE user_workflows ADD d text; UPDATE user_workflows SET d = description;
    ALTER TABLE user_workflows DROP description; ALTER TABLE user_workflows RENAME d TO description`,
  'white space in the body of the function': `CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger
    LANGUAGE plpgsql AS 'BEGIN NEW.updated_at = CURRENT_TIMESTAMP;\n\n  RETURN NEW;\tEND;'`,
};

/** Settings that change how PostgreSQL prints things, as `ALTER DATABASE … SET` gives them to each session. */
export const settings: readonly string[] = [
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
  'default_toast_compression = pglz',
  `lc_monetary = 'C.utf8'`,
  `lc_numeric = 'C.utf8'`,
  `lc_time = 'C.utf8'`,
  `lc_messages = 'C.utf8'`,
  'join_collapse_limit = 1',
  'jit = on',
];

/** Definitions that these settings would write in another way. */
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
