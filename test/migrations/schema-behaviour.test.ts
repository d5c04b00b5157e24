import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { fill } from './adoption.js';
import type { Database } from '../support/database.js';
import { testDatabase } from '../support/test-database.js';

const ada = '00000000-0000-4000-8000-000000000001';
const mine = '00000000-0000-4000-8000-0000000000f1';

async function migrated(): Promise<Database> {
  const database = await testDatabase({ rows: true });
  expect((await call(['up'], { url: database.url })).code).toBe(0);
  await fill(database);
  return database;
}

test('deleting a user deletes the workflows of that user, and their executions', async () => {
  const database = await migrated();
  await database.query(`UPDATE workflow_executions SET user_id = NULL`);
  await database.query(`DELETE FROM users WHERE id = '${ada}'`);
  expect(await database.query('SELECT name FROM user_workflows')).toEqual([{ name: 'Hers' }]);
  expect(
    await database.query('SELECT FROM workflow_executions WHERE user_workflow_id IS NOT NULL'),
  ).toEqual([]);
  expect(await database.query('SELECT FROM workflow_executions')).toHaveLength(3);
});

test('deleting a workflow deletes its executions, and no other', async () => {
  const database = await migrated();
  await database.query(`DELETE FROM user_workflows WHERE id = '${mine}'`);
  expect(await database.query('SELECT template_id FROM workflow_executions ORDER BY 1')).toEqual([
    { template_id: 'onboarding' },
    { template_id: 'onboarding' },
    { template_id: 'weekly-report' },
  ]);
});

test('deleting a template sets template_id of workflows to null, and keeps the workflows', async () => {
  const database = await migrated();
  await database.query(`DELETE FROM workflow_templates WHERE id = 'onboarding'`);
  expect(
    await database.query('SELECT name, template_id FROM user_workflows ORDER BY name'),
  ).toEqual([
    { name: 'Hers', template_id: null },
    { name: 'Mine', template_id: null },
  ]);
  expect(
    await database.query(`SELECT FROM workflow_executions WHERE template_id = 'onboarding'`),
  ).toHaveLength(2);
});

test.each([
  ['a template', `'onboarding', NULL`, null],
  ['a workflow', `NULL, '${mine}'`, null],
  ['both', `'onboarding', '${mine}'`, 'workflow_executions_source_check'],
  ['neither', 'NULL, NULL', 'workflow_executions_source_check'],
  ['a workflow that is none', `NULL, '${ada}'`, 'workflow_executions_user_workflow_id_fkey'],
])('an execution of %s', async (_, values, constraint) => {
  const database = await migrated();
  const insert = database.query(
    `INSERT INTO workflow_executions (template_id, user_workflow_id) VALUES (${values})`,
  );
  if (constraint === null) await expect(insert).resolves.toEqual([]);
  else await expect(insert).rejects.toMatchObject({ constraint });
});

test.each([
  ['a user that is none', `'${mine}', NULL`, 'user_workflows_user_id_fkey'],
  ['a template that is none', `'${ada}', 'nothing'`, 'user_workflows_template_id_fkey'],
])('a workflow of %s is refused', async (_, values, constraint) => {
  const database = await migrated();
  const insert = `INSERT INTO user_workflows (user_id, template_id, name, definition) VALUES (${values}, 'x', '{}')`;
  await expect(database.query(insert)).rejects.toMatchObject({ constraint });
});

test.each(['workflow_templates', 'user_workflows'])(
  'an update of %s moves updated_at',
  async (table) => {
    const database = await migrated();
    const before = `'2001-02-03 04:05:06'`;
    await database.query(`ALTER TABLE ${table} DISABLE TRIGGER USER; UPDATE ${table} SET updated_at = ${before};
    ALTER TABLE ${table} ENABLE TRIGGER USER`);
    await database.query(`UPDATE ${table} SET name = 'new', updated_at = ${before}`);
    expect(
      await database.query(`SELECT FROM ${table} WHERE updated_at > now() - interval '1 hour'`),
    ).toHaveLength(2);
    expect(await database.query(`SELECT FROM ${table} WHERE created_at = updated_at`)).toEqual([]);
  },
);

test('what is not said has its default', async () => {
  const database = await migrated();
  await database.query(`INSERT INTO workflow_templates (id, name, steps) VALUES ('t', 'T', '[]');
    INSERT INTO user_workflows (user_id, name, definition) VALUES ('${ada}', 'W', '{}')`);
  expect(
    await database.query(`SELECT is_active, usage_count, created_at = updated_at AS now, category FROM workflow_templates
      WHERE id = 't'`),
  ).toEqual([{ is_active: true, usage_count: 0, now: true, category: null }]);
  expect(
    await database.query(`SELECT config, is_active, is_favorite, last_used, execution_count, template_id
      FROM user_workflows WHERE name = 'W'`),
  ).toEqual([
    {
      config: {},
      is_active: true,
      is_favorite: false,
      last_used: null,
      execution_count: 0,
      template_id: null,
    },
  ]);
});
