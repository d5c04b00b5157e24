import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { call } from '../support/call.js';
import type { Database } from '../support/database.js';
import { createDatabase } from '../support/test-database.js';
import { ada, fill, workflow } from './adoption.js';
import { workflowService } from './workflow-service.js';

/** What the application does with the tables, at the last version. */

let database: Database;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createDatabase({ rows: true });
  expect((await call(['up'], { url: database.url })).code).toBe(0);
  await fill(database);
  pool = new pg.Pool({ connectionString: database.url });
  return async () => {
    await pool.end();
    await database.drop();
  };
});

async function newUser(): Promise<string> {
  const id = randomUUID();
  await pool.query('INSERT INTO users (id, email) VALUES ($1, $2)', [id, `${id}@example.com`]);
  return id;
}

test('list, create, get, update, delete', async () => {
  const service = workflowService(pool);
  const user = await newUser();
  const definition = { steps: [] };
  expect(await service.getUserWorkflows(user)).toEqual([]);
  const created = await service.createUserWorkflow(user, { name: 'Weekly', definition });
  expect(created).toMatchObject({ user_id: user, name: 'Weekly', config: {}, execution_count: 0 });
  const { id } = created;
  expect(await service.getUserWorkflow(user, id)).toEqual(created);
  expect(await service.getUserWorkflows(user)).toEqual([created]);
  const changes = { name: 'Daily', is_favorite: true };
  const updated = await service.updateUserWorkflow(user, id, changes);
  expect(updated).toMatchObject({ id, definition, ...changes });
  expect(await service.deleteUserWorkflow(user, id)).toBe(true);
  expect(await service.getUserWorkflow(user, id)).toBeUndefined();
});

test('JSON comes out as it went in', async () => {
  const service = workflowService(pool);
  const user = await newUser();
  const steps = [{ id: 1, on: null, if: true, weights: [0, -1.5, 1e21] }];
  for (const document of [
    {},
    [],
    { steps, 'ключ 🎉': 'a"b\\c\n\t</script>' },
    { deep: { deeper: [[[[]]]] }, '': '', __proto__x: 1 },
    'text',
    12.5,
    false,
  ]) {
    const both = { definition: document, config: document };
    const { id } = await service.createUserWorkflow(user, { name: 'x', ...both });
    expect(await service.getUserWorkflow(user, id)).toMatchObject(both);
    const insert = `INSERT INTO workflow_templates (id, name, steps, conditions, outputs) VALUES ($1, 'x', $2, $2, $2)
      RETURNING steps, conditions, outputs`;
    const { rows } = await pool.query(insert, [id, JSON.stringify(document)]);
    expect(rows).toEqual([{ steps: document, conditions: document, outputs: document }]);
  }
});

test('a user sees, changes and deletes only workflows of that user', async () => {
  const service = workflowService(pool);
  const [mine, theirs] = [await newUser(), await newUser()];
  const other = await service.createUserWorkflow(theirs, { name: 'Theirs', definition: {} });
  const created = await service.createUserWorkflow(mine, { name: 'Mine', definition: {} });
  expect(await service.getUserWorkflows(mine)).toEqual([created]);
  expect(await service.getUserWorkflow(mine, other.id)).toBeUndefined();
  expect(await service.updateUserWorkflow(mine, other.id, { name: 'Stolen' })).toBeUndefined();
  expect(await service.deleteUserWorkflow(mine, other.id)).toBe(false);
  expect(await service.getUserWorkflows(theirs)).toEqual([other]);
});

/** Runs statements in a transaction that is rolled back, and gives the rows of the last one. */
async function tried(...statements: readonly string[]): Promise<unknown[]> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    let rows: unknown[] = [];
    for (const statement of statements)
      ({ rows } = await client.query({ text: statement, rowMode: 'array' }));
    return rows.flat();
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const executions = `SELECT count(*)::int, count(user_workflow_id)::int FROM workflow_executions`;
const insertExecution = (values: string): string =>
  `INSERT INTO workflow_executions (template_id, user_workflow_id) VALUES (${values}) RETURNING 1`;
const insertWorkflow = (values: string): string =>
  `INSERT INTO user_workflows (user_id, template_id, name, definition) VALUES (${values}, 'x', '{}')`;

test.for<[string, readonly string[], unknown[]]>([
  ['executions before', [executions], [4, 1]],
  [
    'deleting a user deletes the workflows and their executions',
    [
      'UPDATE workflow_executions SET user_id = NULL',
      `DELETE FROM users WHERE id = '${ada}'`,
      executions,
    ],
    [3, 0],
  ],
  [
    'deleting a workflow deletes its executions',
    [`DELETE FROM user_workflows WHERE id = '${workflow}'`, executions],
    [3, 0],
  ],
  [
    'deleting a template keeps the workflows, without it',
    [
      `DELETE FROM workflow_templates WHERE id = 'onboarding'`,
      `SELECT template_id FROM user_workflows WHERE id = '${workflow}'`,
    ],
    [null],
  ],
  ['an execution may come from a template', [insertExecution(`'onboarding', NULL`)], [1]],
  ['an execution may come from a workflow', [insertExecution(`NULL, '${workflow}'`)], [1]],
  ...['workflow_templates', 'user_workflows'].map((table): [string, string[], unknown[]] => [
    `an update of ${table} moves updated_at`,
    [
      `UPDATE ${table} SET name = 'new', updated_at = '2001-02-03' RETURNING updated_at = CURRENT_TIMESTAMP`,
    ],
    Array.from({ length: 2 }, () => true),
  ]),
])('%s', async ([, statements, expected]) => {
  expect((await tried(...statements)).slice(0, expected.length)).toEqual(expected);
});

const [source, link] = ['source_check', 'user_workflow_id_fkey'].map(
  (end) => `workflow_executions_${end}`,
);
test.for([
  ['an execution of both', insertExecution(`'onboarding', '${workflow}'`), source],
  ['an execution of neither', insertExecution('NULL, NULL'), source],
  ['an execution of no workflow', insertExecution(`NULL, '${ada}'`), link],
  ['a workflow of no user', insertWorkflow(`'${workflow}', NULL`), 'user_workflows_user_id_fkey'],
  ['one of no template', insertWorkflow(`'${ada}', 'none'`), 'user_workflows_template_id_fkey'],
] as const)('%s is refused', async ([, insert, constraint]) => {
  await expect(tried(insert)).rejects.toMatchObject({ constraint });
});
