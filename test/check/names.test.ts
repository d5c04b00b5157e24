import { expect, test } from 'vitest';
import { differencesIn, withMigrated } from './changes.js';

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

const make = (
  name: string,
) => `CREATE TABLE ${name} (${name} integer, b integer, CONSTRAINT ${name} CHECK (${name} > 0));
  CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER ${name} BEFORE INSERT ON ${name} FOR EACH ROW EXECUTE FUNCTION ${name}();
  CREATE POLICY ${name} ON ${name}; CREATE INDEX ON ${name} (b);`;
const change = (name: string) => `DROP TRIGGER ${name} ON ${name}; DROP POLICY ${name} ON ${name};
  DROP FUNCTION ${name}(); ALTER TABLE ${name} DROP CONSTRAINT ${name}, DROP COLUMN ${name};`;

test('detects what is missing under every name', async () => {
  await withMigrated(names.map(make).join('\n'), async (database, root) => {
    const quoted = await database.query<{ name: string }>(
      `SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
       AND relname <> 'pgmigrations' ORDER BY 1`,
    );
    expect(quoted.length).toBe(names.length);
    await database.query(names.map(change).join('\n'));
    const found = await differencesIn(database, root);
    const objects = found.map((text) => text.split(' | ')[0]);
    const expected = quoted.flatMap(({ name }) => [
      `- function public.${name}()`,
      ...['column', 'constraint', 'trigger', 'policy'].map(
        (part) => `- ${part} public.${name}.${name}`,
      ),
    ]);
    expect(objects.toSorted()).toEqual(expected.toSorted());
  });
});
