import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import type { Database } from '../support/database.js';
import { testDatabase } from '../support/test-database.js';

/** FACTS.md, read by information_schema and by PostgreSQL's own definitions; nothing of this project's own reading. */
async function migrated(): Promise<Database> {
  const database = await testDatabase({ rows: true });
  expect((await call(['up'], { url: database.url })).code).toBe(0);
  return database;
}

const columnsOf = async (database: Database, table: string) =>
  (
    await database.query<{ line: string }>(
      `SELECT concat_ws(' | ', column_name, data_type || '(' || character_maximum_length || ')', CASE WHEN
         character_maximum_length IS NULL THEN data_type END, CASE is_nullable WHEN 'NO' THEN 'not null' END,
         'default ' || column_default) AS line
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position`,
      [table],
    )
  ).map(({ line }) => line);

const partsOf = async (database: Database, table: string) => ({
  constraints: await database.query(
    `SELECT conname AS name, pg_get_constraintdef(oid) AS definition, convalidated AS valid FROM pg_constraint
     WHERE conrelid = $1::regclass AND contype <> 'n' ORDER BY 1`,
    [table],
  ),
  indexes: await database.query(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE schemaname = 'public' AND tablename = $1
     ORDER BY 1`,
    [table],
  ),
  triggers: await database.query(
    `SELECT trigger_name AS name, action_timing, event_manipulation, action_orientation, action_statement
     FROM information_schema.triggers WHERE event_object_schema = 'public' AND event_object_table = $1 ORDER BY 1`,
    [table],
  ),
});

const index = (name: string, table: string, column: string, unique = '') => ({
  name,
  definition: `CREATE ${unique}INDEX ${name} ON public.${table} USING btree (${column})`,
});
const constraint = (name: string, definition: string) => ({ name, definition, valid: true });
const touch = (table: string) => ({
  name: `update_${table}_updated_at`,
  action_timing: 'BEFORE',
  event_manipulation: 'UPDATE',
  action_orientation: 'ROW',
  action_statement: 'EXECUTE FUNCTION update_updated_at_column()',
});

test('workflow_templates', async () => {
  const database = await migrated();
  expect(await columnsOf(database, 'workflow_templates')).toEqual([
    'id | character varying(255) | not null',
    'name | character varying(255) | not null',
    'goal | text',
    'steps | jsonb | not null',
    'conditions | jsonb',
    'outputs | jsonb',
    'category | character varying(100)',
    'is_active | boolean | default true',
    'usage_count | integer | default 0',
    'created_at | timestamp without time zone | default CURRENT_TIMESTAMP',
    'updated_at | timestamp without time zone | default CURRENT_TIMESTAMP',
  ]);
  expect(await partsOf(database, 'workflow_templates')).toEqual({
    constraints: [constraint('workflow_templates_pkey', 'PRIMARY KEY (id)')],
    indexes: [
      index('idx_workflow_templates_category', 'workflow_templates', 'category'),
      index('idx_workflow_templates_is_active', 'workflow_templates', 'is_active'),
      index('workflow_templates_pkey', 'workflow_templates', 'id', 'UNIQUE '),
    ],
    triggers: [touch('workflow_templates')],
  });
});

test('user_workflows', async () => {
  const database = await migrated();
  expect(await columnsOf(database, 'user_workflows')).toEqual([
    'id | uuid | not null | default gen_random_uuid()',
    'user_id | uuid | not null',
    'template_id | character varying(255)',
    'name | character varying(255) | not null',
    'description | text',
    'category | character varying(100)',
    'definition | jsonb | not null',
    `config | jsonb | default '{}'::jsonb`,
    'is_active | boolean | default true',
    'is_favorite | boolean | default false',
    'last_used | timestamp with time zone',
    'execution_count | integer | default 0',
    'created_at | timestamp with time zone | default CURRENT_TIMESTAMP',
    'updated_at | timestamp with time zone | default CURRENT_TIMESTAMP',
  ]);
  expect(await partsOf(database, 'user_workflows')).toEqual({
    constraints: [
      constraint('user_workflows_pkey', 'PRIMARY KEY (id)'),
      constraint(
        'user_workflows_template_id_fkey',
        'FOREIGN KEY (template_id) REFERENCES workflow_templates(id) ON DELETE SET NULL',
      ),
      constraint(
        'user_workflows_user_id_fkey',
        'FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE',
      ),
    ],
    indexes: [
      index('idx_user_workflows_category', 'user_workflows', 'category'),
      index('idx_user_workflows_is_active', 'user_workflows', 'is_active'),
      index('idx_user_workflows_template_id', 'user_workflows', 'template_id'),
      index('idx_user_workflows_user_id', 'user_workflows', 'user_id'),
      index('user_workflows_pkey', 'user_workflows', 'id', 'UNIQUE '),
    ],
    triggers: [touch('user_workflows')],
  });
});

test('workflow_executions: what is new or changed, and nothing else', async () => {
  const before = await testDatabase();
  const database = await migrated();
  const table = 'workflow_executions';
  const columns = await columnsOf(before, table);
  expect(await columnsOf(database, table)).toEqual([
    ...columns.map((line) =>
      line.replace(
        'template_id | character varying(255) | not null',
        'template_id | character varying(255)',
      ),
    ),
    'user_workflow_id | uuid',
  ]);
  const [old, parts] = [await partsOf(before, table), await partsOf(database, table)];
  const added = (name: 'constraints' | 'indexes' | 'triggers') =>
    parts[name].filter(
      (part) => !old[name].some((other) => JSON.stringify(other) === JSON.stringify(part)),
    );
  expect(added('constraints')).toEqual([
    constraint(
      'workflow_executions_source_check',
      'CHECK ((((template_id IS NOT NULL) AND (user_workflow_id IS NULL)) OR ((template_id IS NULL) AND (user_workflow_id IS NOT NULL))))',
    ),
    constraint(
      'workflow_executions_user_workflow_id_fkey',
      'FOREIGN KEY (user_workflow_id) REFERENCES user_workflows(id) ON DELETE CASCADE',
    ),
  ]);
  expect(added('indexes')).toEqual([
    index('idx_workflow_executions_user_workflow_id', table, 'user_workflow_id'),
  ]);
  expect(added('triggers')).toEqual([]);
  expect(parts.constraints.length + parts.indexes.length).toBe(
    old.constraints.length + old.indexes.length + 3,
  );
});

test('no other table, column or function is added', async () => {
  const before = await testDatabase();
  const database = await migrated();
  const everything = (one: Database) =>
    one.query(`SELECT concat(table_name, '.', column_name) AS name FROM information_schema.columns WHERE table_schema = 'public'
        AND table_name NOT IN ('pgmigrations', 'workflow_templates', 'user_workflows')
      UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typrelid = 0 AND typelem = 0`);
  const names = async (one: Database) =>
    (await everything(one)).map(({ name }) => String(name)).sort();
  expect(await names(database)).toEqual(
    [...(await names(before)), 'workflow_executions.user_workflow_id'].sort(),
  );
});
