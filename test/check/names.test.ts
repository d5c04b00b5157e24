import { expect, test } from 'vitest';
import { differencesIn, withMigrated } from './changes.ts';
import { namedObjects } from './samples.ts';

test('the check detects a missing object, however unusual its name is', async () => {
  await withMigrated(namedObjects.make, async (database, root) => {
    const sql = `SELECT quote_ident(relname) AS name FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'pgmigrations'`;
    const quoted = await database.query<{ name: string }>(sql);
    expect(quoted.length).toBe(namedObjects.count);
    await database.query(namedObjects.change);
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
