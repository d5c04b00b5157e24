import { expect, test } from 'vitest';
import { expectRefused } from './adoption.js';
import { legacyDatabase } from './adoption-database.js';
import { call } from '../support/call.js';
import { migration } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

const nobody = '00000000-0000-4000-8000-00000000000f';

/** Rows that the right constraints do not allow: they can only be mended by somebody who knows what they mean. */
const rows: Record<string, { table: string; constraint: string; change: string }> = {
  'an execution of neither a template nor a workflow': {
    table: 'public.workflow_executions',
    constraint: 'workflow_executions_source_check',
    change: `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check;
    INSERT INTO workflow_executions (template_id, user_workflow_id) VALUES (NULL, NULL)`,
  },
  'an execution of both': {
    table: 'public.workflow_executions',
    constraint: 'workflow_executions_source_check',
    change: `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check;
    INSERT INTO workflow_executions (template_id, user_workflow_id)
      SELECT 'onboarding', id FROM user_workflows LIMIT 1`,
  },
  'an execution of a workflow that is gone': {
    table: 'public.workflow_executions',
    constraint: 'workflow_executions_user_workflow_id_fkey',
    change: `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey;
    INSERT INTO workflow_executions (user_workflow_id) VALUES ('${nobody}')`,
  },
  'a workflow of a user that is gone': {
    table: 'public.user_workflows',
    constraint: 'user_workflows_user_id_fkey',
    change: `
    ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_user_id_fkey;
    INSERT INTO user_workflows (user_id, name, definition) VALUES ('${nobody}', 'lost', '{}')`,
  },
  'a workflow of a template that is gone': {
    table: 'public.user_workflows',
    constraint: 'user_workflows_template_id_fkey',
    change: `
    ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_template_id_fkey;
    UPDATE user_workflows SET template_id = 'gone' WHERE template_id IS NULL`,
  },
  'two workflows with one id': {
    table: 'public.user_workflows',
    constraint: 'user_workflows_pkey',
    change: `
    ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_pkey CASCADE;
    INSERT INTO user_workflows SELECT * FROM user_workflows LIMIT 1`,
  },
};

test.each(Object.entries(rows))('%s: refused, and nothing is changed', async (_, { table, constraint, change }) => {
  const database = await legacyDatabase(change);
  const { error } = await expectRefused(database, 3);
  expect(error?.message).toBe(`database ${database.name} is not ready; nothing was written:
  - table ${table} has rows that ${constraint} does not allow`);
  const [query = ''] = /SELECT .*(?=;$)/.exec(error?.hint ?? '') ?? [];
  expect(await database.query(query)).not.toEqual([]);
});

test('values that are absent are not the same value twice', async () => {
  const database = await testDatabase({ base: false });
  const root = smallProject([], {
    'migrations/0001_u.ts': migration(
      `pgm.createTable('u', { id: 'integer' }, { ifNotExists: true }); pgm.addConstraint('u', 'u_id_key', 'UNIQUE (id)');`,
      `pgm.dropTable('u');`,
    ),
    'migrations/schema/0001_u.json': {
      tables: {
        'public.u': {
          kind: 'table',
          columns: { id: { type: 'integer', null: true } },
          constraints: { u_id_key: 'UNIQUE (id)' },
        },
      },
    },
  });
  await database.query('CREATE TABLE u (id integer); INSERT INTO u VALUES (NULL), (NULL), (1)');
  expect((await call(['up', '--json'], { root, url: database.url })).json()).toMatchObject({ outcome: 'applied' });
});

test.each(['UPDATE', 'NOT VALID'])(
  'a migration may mend rows before it forbids them, or leave them: %s',
  async (way) => {
    const database = await testDatabase({ base: false });
    const check = 'CHECK ((id > 0))';
    const constraint = way === 'UPDATE' ? check : `${check} NOT VALID`;
    const mend = way === 'UPDATE' ? `pgm.sql('UPDATE a SET id = 1');` : '';
    const root = smallProject(['a'], {
      'migrations/0002_forbid.ts': migration(
        `${mend} pgm.sql('ALTER TABLE a ADD CONSTRAINT a_positive ${constraint}');`,
        `pgm.dropConstraint('a', 'a_positive');`,
      ),
      'migrations/schema/0002_forbid.json': { tables: { 'public.a': { constraints: { a_positive: constraint } } } },
    });
    expect((await call(['up', '1'], { url: database.url, root })).code).toBe(0);
    await database.query('INSERT INTO a VALUES (-1)');
    expect((await call(['up', '--json'], { url: database.url, root })).json()).toMatchObject({ outcome: 'applied' });
  },
);
