CREATE DOMAIN d AS text DEFAULT 'a\b' CONSTRAINT c CHECK (VALUE <> '\d');
CREATE TABLE "select" ("user" text DEFAULT 'back\slash' CHECK ("user" ~ '^\d+\s$'), day date DEFAULT '2024-02-03',
  moment timestamptz DEFAULT '2024-02-03 04:05:06+00', span interval DEFAULT '1 day 02:03:04', bytes bytea DEFAULT '\xdeadbeef',
  share double precision DEFAULT '0.30000000000000004'::double precision, price money DEFAULT '1.5'::money, label d,
  CHECK (day > '2000-01-02'), EXCLUDE USING gist (tstzrange(moment, '2030-01-01 00:00:00+00') WITH &&));
CREATE INDEX ON "select" (day) WHERE moment > '2024-01-01 00:00:00+00' AND "user" <> '\';
CREATE VIEW v AS SELECT "user" || '\n' AS a, '1 mon'::interval AS b, '2024-02-03'::date AS c FROM "select";
CREATE POLICY p ON "select" USING ("user" <> '\' AND day > '2024-02-03');
CREATE FUNCTION f(a date DEFAULT '2024-02-03', b text DEFAULT '\') RETURNS text LANGUAGE sql AS 'SELECT  b;   SELECT ''ss\s''';
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE UPDATE ON "select" FOR EACH ROW WHEN (NEW.day > '2024-02-03') EXECUTE FUNCTION g('\', 'x');
