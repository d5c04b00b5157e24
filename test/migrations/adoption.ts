import { beforeAll, expect } from 'vitest';
import { call, report, type JsonReport } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { rowsOf, schemaLines } from '../support/contents.ts';
import { migrations } from '../support/migrations.ts';
import { createDatabase, testDatabase } from '../support/test-database.ts';
import { runLegacy } from './legacy.ts';

/** The last of the migrations that replace the legacy files. Later ones may change the schema further. */
export const lastLegacy = '0005_index-workflow-executions';

const ada = '00000000-0000-4000-8000-000000000001';
const grace = '00000000-0000-4000-8000-000000000002';
/** A workflow of the user Ada. */
const workflow = '00000000-0000-4000-8000-0000000000f1';

/** Adds rows to those tables of the migrations that exist, and an execution of a user's workflow. */
export async function fill(database: Database): Promise<void> {
  await database.query(`DO $$ BEGIN
    IF to_regclass('public.workflow_templates') IS NOT NULL THEN
      INSERT INTO workflow_templates (id, name, steps, category, usage_count, created_at, updated_at) VALUES
        ('onboarding', 'Onboarding', '[{"do": "greet", "args": null}]', 'people', 7, '2024-02-29', '2024-03-01'),
        ('weekly-report', 'Weekly report', '[]', NULL, 0, '2024-02-29 12:00', '2024-03-01');
    END IF;
    IF to_regclass('public.user_workflows') IS NOT NULL THEN
      INSERT INTO user_workflows (id, user_id, template_id, name, definition, config, execution_count) VALUES
        ('${workflow}', '${ada}', 'onboarding', 'Mine', '{"steps": [1, {"a": null}]}', '{"x": "ä"}', 3),
        ('00000000-0000-4000-8000-0000000000f2', '${grace}', NULL, 'Hers', '{}', NULL, 0);
    END IF;
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.workflow_executions'::regclass
        AND attname = 'template_id' AND NOT attnotnull) AND EXISTS (SELECT FROM pg_attribute
        WHERE attrelid = 'public.workflow_executions'::regclass AND attname = 'user_workflow_id') THEN
      INSERT INTO workflow_executions (user_workflow_id, user_id, status, output)
        VALUES ('${workflow}', '${ada}', 'completed', '{"done": true}');
    END IF;
  END $$`);
}

/**
 * Expects that `up` without options brings this database to the expected schema: the check agrees, a second
 * run finds nothing to do, and each row still has its values. The check is not strict if the database has
 * something that no migration created.
 */
export async function expectAdopted(
  database: Database,
  { strict = true, url = database.url } = {},
): Promise<JsonReport> {
  const before = await rowsOf(database);
  const up = await report('up', { url });
  expect(up).toMatchObject({ error: null, outcome: 'applied', version: migrations.at(-1) });
  expect(await rowsOf(database)).toMatchObject(before);
  const check = await call(['check', ...(strict ? ['--strict'] : [])], { url });
  expect(check).toMatchObject({ code: 0, stderr: '' });
  expect((await report('up', { url })).outcome).toBe('nothing-to-do');
  return up;
}

/** Expects that `up` ends with this exit code, and has changed neither the schema nor rows. */
export async function expectRefused(
  database: Database,
  exitCode: number,
  { url = database.url } = {},
): Promise<JsonReport> {
  const before = [await schemaLines(database), await rowsOf(database)];
  const up = await report('up', { url });
  expect(up).toMatchObject({ exitCode, version: null });
  expect([await schemaLines(database), await rowsOf(database)]).toEqual(before);
  expect(await database.query("SELECT to_regclass('public.pgmigrations') AS table")).toEqual([
    { table: null },
  ]);
  return up;
}

/** Returns a function that makes a database with the legacy schema and rows, and then runs `change` in it. */
export function legacyDatabases(): (change?: string) => Promise<Database> {
  let template: Database;
  beforeAll(async () => {
    template = await createDatabase({ rows: true });
    await runLegacy(template);
    await fill(template);
    return () => template.drop();
  });
  return async (change = '') => {
    const database = await testDatabase({ template });
    if (change !== '') await database.query(change);
    return database;
  };
}
