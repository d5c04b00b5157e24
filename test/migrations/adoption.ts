import { expect } from 'vitest';
import { call, type JsonReport } from '../support/call.js';
import type { Database } from '../support/database.js';

const ada = '00000000-0000-4000-8000-000000000001';
const grace = '00000000-0000-4000-8000-000000000002';

/** Adds rows to those of this project's tables that are there, and links executions to them, as far as they can be. */
export async function fill(database: Database): Promise<void> {
  await database.query(`DO $$ BEGIN
    IF to_regclass('public.workflow_templates') IS NOT NULL THEN
      INSERT INTO workflow_templates (id, name, steps, category, usage_count, created_at, updated_at) VALUES
        ('onboarding', 'Onboarding', '[{"do": "greet", "args": null}]', 'people', 7, '2024-02-29 12:00', '2024-03-01 00:00'),
        ('weekly-report', 'Weekly report', '[]', NULL, 0, '2024-02-29 12:00', '2024-03-01 00:00');
    END IF;
    IF to_regclass('public.user_workflows') IS NOT NULL THEN
      INSERT INTO user_workflows (id, user_id, template_id, name, definition, config, execution_count) VALUES
        ('00000000-0000-4000-8000-0000000000f1', '${ada}', 'onboarding', 'Mine', '{"steps": [1, {"a": null}]}', '{"x": "ä"}', 3),
        ('00000000-0000-4000-8000-0000000000f2', '${grace}', NULL, 'Hers', '{}', NULL, 0);
    END IF;
    IF EXISTS (SELECT FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'workflow_executions'
        AND column_name = 'template_id' AND is_nullable = 'YES') AND to_regclass('public.user_workflows') IS NOT NULL THEN
      INSERT INTO workflow_executions (user_workflow_id, user_id, status, output)
        VALUES ('00000000-0000-4000-8000-0000000000f1', '${ada}', 'completed', '{"done": true}');
    END IF;
  END $$`);
}

/** The rows of all tables of `public` but the migrations table: each row's values as text, by column. */
export async function rowsOf(database: Database): Promise<Record<string, Record<string, string | null>[]>> {
  const tables = await database.query<{ name: string }>(`SELECT quote_ident(relname) AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'pgmigrations' ORDER BY 1`);
  const rows: Record<string, Record<string, string | null>[]> = {};
  for (const { name } of tables) {
    const found = await database.query<{ row: Record<string, string | null> }>(`SELECT
      (SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(to_jsonb(t))) AS row
      FROM public.${name} t ORDER BY to_jsonb(t) ->> 'id', to_jsonb(t)::text`);
    rows[name] = found.map(({ row }) => row);
  }
  return rows;
}

export interface Adoption {
  /** Where something is there besides, which only a strict check refuses. */
  readonly strict?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** As another role than the database's superuser. */
  readonly url?: string;
}

/**
 * One plain `up` brings this database to the expected schema: the check agrees, a second run finds nothing to do, and
 * every row that was there is there, with the values that it had.
 */
export async function expectAdopted(
  database: Database,
  { strict = true, env, url }: Adoption = {},
): Promise<JsonReport> {
  const options = { url: url ?? database.url, ...(env ? { env } : {}) };
  const before = await rowsOf(database);
  const up = (await call(['up', '--json'], options)).json();
  expect(up).toMatchObject({ outcome: 'applied', exitCode: 0, version: '0005_index-workflow-executions', error: null });
  expect(await rowsOf(database)).toMatchObject(before);
  const check = (await call(['check', '--json', ...(strict ? ['--strict'] : [])], options)).json();
  expect(check).toMatchObject({ outcome: 'matches', exitCode: 0 });
  expect((await call(['up', '--json'], options)).json()).toMatchObject({ outcome: 'nothing-to-do', exitCode: 0 });
  return up;
}

/** `up` refuses this database with this exit code, and pg_dump says that nothing changed, neither schema nor rows. */
export async function expectRefused(
  database: Database,
  exitCode: number,
  { env, url }: Adoption = {},
): Promise<JsonReport> {
  const before = await database.dump({ rows: true });
  const up = (await call(['up', '--json'], { url: url ?? database.url, ...(env ? { env } : {}) })).json();
  expect({ exitCode: up.exitCode, version: up.version, message: up.error?.message }).toMatchObject({
    exitCode,
    version: null,
  });
  expect(await database.dump({ rows: true })).toBe(before);
  return up;
}
