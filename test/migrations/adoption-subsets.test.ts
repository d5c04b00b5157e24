import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import { expectAdopted } from './adoption.js';
import { legacyDatabase } from './adoption-database.js';
import { makeDatabase, type Database } from '../support/database.js';

/** How many subsets are tried; 500 were, before this was first released. */
const numRuns = Number(process.env['ADOPTION_RUNS'] ?? '15');

const own = `('workflow_templates'::regclass, 'user_workflows'::regclass)`;

/** What can be removed from a complete database, each by a statement that does nothing when something else took it along. */
const removals = `
  SELECT format('DROP INDEX IF EXISTS %s', indexrelid::regclass) AS sql FROM pg_index
  WHERE (indrelid IN ${own} OR indexrelid = to_regclass('idx_workflow_executions_user_workflow_id')) AND NOT indisprimary
  UNION ALL SELECT format('DROP TRIGGER IF EXISTS %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger
  WHERE tgrelid IN ${own} AND NOT tgisinternal
  UNION ALL SELECT format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', conrelid::regclass, conname) FROM pg_constraint
  WHERE contype <> 'n' AND (conrelid IN ${own}
    OR conname IN ('workflow_executions_source_check', 'workflow_executions_user_workflow_id_fkey'))
  ORDER BY 1`;

/** The second opinion, quicker than pg_dump: PostgreSQL's own definition of everything that can be removed. */
const definitions = `
  SELECT pg_get_indexdef(indexrelid) AS definition, indisvalid AS valid FROM pg_index JOIN pg_class c ON c.oid = indrelid
  WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'pgmigrations'
  UNION ALL SELECT pg_get_triggerdef(t.oid), tgenabled = 'O' FROM pg_trigger t WHERE NOT tgisinternal
  UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(c.oid)), convalidated
  FROM pg_constraint c WHERE contype <> 'n' AND connamespace = 'public'::regnamespace
    AND conrelid <> coalesce(to_regclass('pgmigrations'), 0)
  ORDER BY 1`;

async function withCopy<T>(template: Database, use: (copy: Database) => Promise<T>): Promise<T> {
  const copy = await makeDatabase(inject('server').url, { template: template.name });
  try {
    return await use(copy);
  } finally {
    await copy.drop();
  }
}

test(
  `any subset of indexes, triggers and constraints removed is restored (${numRuns} subsets)`,
  { timeout: 60_000 + numRuns * 10_000 },
  async () => {
    const template = await legacyDatabase();
    const all = (await template.query<{ sql: string }>(removals)).map(({ sql }) => sql);
    expect(all).toHaveLength(7 + 2 + 6);
    const complete = await template.query(definitions);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(all), (removed) =>
        withCopy(template, async (database) => {
          await database.query(removed.join(';\n'));
          expect((await database.query(definitions)).length).toBeLessThanOrEqual(complete.length - removed.length);
          await expectAdopted(database);
          expect(await database.query(definitions)).toEqual(complete);
        }),
      ),
      { numRuns },
    );
  },
);
