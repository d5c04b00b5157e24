import { textOf } from '../support/root.ts';

const read = (file: string) => textOf(`test/check/samples/${file}`);

/** Settings that may change how PostgreSQL prints definitions, for `ALTER DATABASE … SET`. */
export const settings = read('settings.txt').trim().split('\n');

/** SQL that creates objects whose definitions PostgreSQL prints differently with these settings. */
export const sensitiveToSettings = read('sensitive.sql');

/** Names that PostgreSQL allows, but that programs often handle wrongly. */
const names = (JSON.parse(read('names.json')) as string[]).map(
  (name) => `"${name.replaceAll('"', '""')}"`,
);

const makeNamed = (name: string) => `
  CREATE TABLE ${name} (${name} integer, b integer, CONSTRAINT ${name} CHECK (${name} > 0));
  CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER ${name} BEFORE INSERT ON ${name} FOR EACH ROW EXECUTE FUNCTION ${name}();
  CREATE POLICY ${name} ON ${name}; CREATE INDEX ON ${name} (b);`;
const changeNamed = (name: string) => `
  DROP TRIGGER ${name} ON ${name}; DROP POLICY ${name} ON ${name};
  DROP FUNCTION ${name}(); ALTER TABLE ${name} DROP CONSTRAINT ${name}, DROP COLUMN ${name};`;

/** SQL that creates objects with all these names (`make`), and SQL that drops all but the tables (`change`). */
export const namedObjects = {
  count: names.length,
  make: names.map(makeNamed).join('\n'),
  change: names.map(changeNamed).join('\n'),
};
