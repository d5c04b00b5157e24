import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { call } from '../support/call.js';
import { workflowService, type WorkflowService } from './workflow-service.js';
import { testDatabase } from '../support/test-database.js';

const [ada, grace] = [
  '00000000-0000-4000-8000-000000000001',
  '00000000-0000-4000-8000-000000000002',
];

/** The application's service on a database with or without the migrations, over a pool of connections. */
async function service({ migrated = true } = {}): Promise<WorkflowService & { pool: pg.Pool }> {
  const { url } = await testDatabase({ rows: true });
  if (migrated) expect((await call(['up'], { url })).code).toBe(0);
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => undefined); // Of an idle connection, which ends when the database is dropped.
  onTestFinished(() => pool.end());
  return { pool, ...workflowService(pool) };
}

test('before the migrations, list fails with 42P01', async () => {
  const { getUserWorkflows } = await service({ migrated: false });
  await expect(getUserWorkflows(ada)).rejects.toMatchObject({
    code: '42P01',
    message: 'relation "user_workflows" does not exist',
  });
});

test('after them, list gives an empty array for a user without workflows', async () => {
  const { getUserWorkflows } = await service();
  expect(await getUserWorkflows(ada)).toEqual([]);
});

test('what is created can be had, listed, updated and deleted', async () => {
  const {
    createUserWorkflow,
    getUserWorkflow,
    getUserWorkflows,
    updateUserWorkflow,
    deleteUserWorkflow,
    pool,
  } = await service();
  const created = await createUserWorkflow(ada, { name: 'Weekly', definition: { steps: [] } });
  expect(created).toMatchObject({
    user_id: ada,
    name: 'Weekly',
    config: {},
    is_active: true,
    execution_count: 0,
  });
  expect(await getUserWorkflow(ada, created.id)).toEqual(created);
  expect(await getUserWorkflows(ada)).toEqual([created]);

  const updated = await updateUserWorkflow(ada, created.id, { name: 'Daily', is_favorite: true });
  expect(updated).toMatchObject({
    id: created.id,
    name: 'Daily',
    is_favorite: true,
    definition: { steps: [] },
  });
  const moved = await pool.query(
    'SELECT updated_at > created_at AS moved, created_at FROM user_workflows',
  );
  expect(moved.rows).toEqual([{ moved: true, created_at: created.created_at }]);

  expect(await deleteUserWorkflow(ada, created.id)).toBe(true);
  expect(await getUserWorkflow(ada, created.id)).toBeUndefined();
  expect(await getUserWorkflows(ada)).toEqual([]);
});

const documents: unknown[] = [
  {},
  [],
  {
    steps: [{ id: 1, on: null, if: true, weights: [0, -1.5, 1e21] }],
    'ключ 🎉': 'a"b\\c\n\t</script>',
  },
  { deep: { deeper: { deepest: [[[[]]]] } }, '': '', __proto__x: 1 },
  'text',
  12.5,
  false,
];

test.each(documents.map((document) => [JSON.stringify(document), document]))(
  'JSON comes out as it went in: %s',
  async (_, document) => {
    const { createUserWorkflow, getUserWorkflow, pool } = await service();
    const { id } = await createUserWorkflow(ada, {
      name: 'x',
      definition: document,
      config: document,
    });
    expect(await getUserWorkflow(ada, id)).toMatchObject({
      definition: document,
      config: document,
    });
    const json = JSON.stringify(document);
    await pool.query(
      'INSERT INTO workflow_templates (id, name, steps, conditions, outputs) VALUES ($1, $1, $2, $2, $2)',
      ['t', json],
    );
    const { rows } = await pool.query('SELECT steps, conditions, outputs FROM workflow_templates');
    expect(rows).toEqual([{ steps: document, conditions: document, outputs: document }]);
  },
);

test('a user sees, changes and deletes only workflows of that user', async () => {
  const {
    createUserWorkflow,
    getUserWorkflow,
    getUserWorkflows,
    updateUserWorkflow,
    deleteUserWorkflow,
  } = await service();
  const hers = await createUserWorkflow(grace, { name: 'Hers', definition: {} });
  const mine = await createUserWorkflow(ada, { name: 'Mine', definition: {} });
  expect(await getUserWorkflows(ada)).toEqual([mine]);
  expect(await getUserWorkflow(ada, hers.id)).toBeUndefined();
  expect(await updateUserWorkflow(ada, hers.id, { name: 'Stolen' })).toBeUndefined();
  expect(await deleteUserWorkflow(ada, hers.id)).toBe(false);
  expect(await getUserWorkflows(grace)).toEqual([hers]);
});

test('many at once, each with its own workflow', async () => {
  const { createUserWorkflow, getUserWorkflows } = await service();
  const names = Array.from({ length: 40 }, (_, index) => `workflow ${index}`);
  await Promise.all(names.map((name) => createUserWorkflow(ada, { name, definition: { name } })));
  const found = await getUserWorkflows(ada);
  expect(
    found
      .map(({ name, definition }) => ({ name, definition }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  ).toEqual(
    names
      .map((name) => ({ name, definition: { name } }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
});
