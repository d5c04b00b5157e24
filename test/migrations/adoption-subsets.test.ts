import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import { makeDatabase } from '../support/database.ts';
import { schemaLines } from '../support/contents.ts';
import { testAll } from '../support/test-all.ts';
import { expectAdopted, legacyDatabases } from './adoption.ts';

const numRuns = testAll ? 40 : 4;
const legacyDatabase = legacyDatabases();
const own = `('workflow_templates'::regclass, 'user_workflows'::regclass)`;

/** A query for statements that each remove one object, unless another statement has removed it. */
const removals = `
  SELECT format('DROP INDEX IF EXISTS %s', indexrelid::regclass) AS sql FROM pg_index WHERE NOT indisprimary
    AND (indrelid IN ${own} OR indexrelid = 'idx_workflow_executions_user_workflow_id'::regclass)
  UNION ALL SELECT format('DROP TRIGGER IF EXISTS %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger
  WHERE tgrelid IN ${own} AND NOT tgisinternal
  UNION ALL SELECT format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', conrelid::regclass, conname)
  FROM pg_constraint WHERE contype <> 'n' AND (conrelid IN ${own}
    OR conname IN ('workflow_executions_source_check', 'workflow_executions_user_workflow_id_fkey'))
  ORDER BY 1`;

test(`up restores any missing subset of indexes, triggers and constraints (${numRuns} subsets)`, async () => {
  const complete = await legacyDatabase();
  const all = (await complete.query<{ sql: string }>(removals)).map(({ sql }) => sql);
  expect(all).toHaveLength(7 + 2 + 6);
  const lines = await schemaLines(complete);
  const property = fc.asyncProperty(fc.shuffledSubarray(all), async (removed) => {
    const database = await makeDatabase(inject('server').url, { template: complete.name });
    try {
      await database.query(removed.join(';\n'));
      const left = (await schemaLines(database)).length;
      expect(left).toBeLessThanOrEqual(lines.length - removed.length);
      await expectAdopted(database, { strict: false });
      expect(await schemaLines(database)).toEqual(expect.arrayContaining(lines));
    } finally {
      await database.drop();
    }
  });
  await fc.assert(property, { numRuns });
});
