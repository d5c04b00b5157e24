import { missing, type AlarmCase } from './case.js';

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Names that PostgreSQL allows and programs stumble over. */
export const strangeNames: readonly string[] = [
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
  'toString',
  'kind',
  'columns',
  'null',
];

/** A table of that name, with everything in it of that name: each part that goes is missed, by its name. */
const named = (name: string): AlarmCase => {
  const n = quote(name);
  const shown = /^[a-z_][a-z0-9_]*$/.test(name) && !['select', 'null'].includes(name) ? name : n;
  return {
    name: JSON.stringify(name),
    make: `CREATE TABLE ${n} (${n} integer, b integer, CONSTRAINT ${n} CHECK (${n} > 0)); CREATE SEQUENCE ${quote(`${name.slice(0, 20)}_s`)};
      CREATE FUNCTION ${n}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER ${n} BEFORE INSERT ON ${n} FOR EACH ROW EXECUTE FUNCTION ${n}();
      CREATE POLICY ${n} ON ${n}; CREATE INDEX ON ${n} (b); CREATE TYPE ${quote(`${name.slice(0, 20)}_t`)} AS ENUM ('a')`,
    spoil: `DROP TRIGGER ${n} ON ${n}; DROP POLICY ${n} ON ${n}; DROP FUNCTION ${n}();
      ALTER TABLE ${n} DROP CONSTRAINT ${n}, DROP COLUMN ${n}`,
    differences: [
      missing(`function public.${shown}()`, 'returns trigger, language plpgsql, body BEGIN RETURN NEW; END'),
      missing(`column public.${shown}.${shown}`, 'integer'),
      missing(`constraint public.${shown}.${shown}`, `CHECK ((${shown} > 0))`),
      missing(
        `trigger public.${shown}.${shown}`,
        `BEFORE INSERT ON public.${shown} FOR EACH ROW EXECUTE FUNCTION public.${shown}()`,
      ),
      missing(`policy public.${shown}.${shown}`, 'permissive for all to public'),
    ],
  };
};

const inSchema: AlarmCase = {
  name: 'in a schema whose name needs quotes',
  make: 'CREATE SCHEMA "My ""s.x"; CREATE TABLE "My ""s.x".t (a integer); CREATE INDEX "I.i" ON "My ""s.x".t (a)',
  spoil: 'DROP INDEX "My ""s.x"."I.i"',
  differences: [missing('index "My ""s.x"."I.i"', 'btree (a)')],
};

export const names: readonly AlarmCase[] = [...strangeNames.map(named), inSchema];
