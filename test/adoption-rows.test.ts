import { expect, test } from 'vitest';
import { expectRefused } from './support/adoption.js';
import { legacyDatabase } from './support/adoption-database.js';

const nobody = '00000000-0000-4000-8000-00000000000f';

/** Rows that the right constraints do not allow: they can only be mended by somebody who knows what they mean. */
const rows: Record<string, string> = {
  'an execution of neither a template nor a workflow': `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check;
    INSERT INTO workflow_executions (template_id, user_workflow_id) VALUES (NULL, NULL)`,
  'an execution of both': `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check;
    INSERT INTO workflow_executions (template_id, user_workflow_id)
      SELECT 'onboarding', id FROM user_workflows LIMIT 1`,
  'an execution of a workflow that is gone': `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey;
    INSERT INTO workflow_executions (user_workflow_id) VALUES ('${nobody}')`,
  'a workflow of a user that is gone': `
    ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_user_id_fkey;
    INSERT INTO user_workflows (user_id, name, definition) VALUES ('${nobody}', 'lost', '{}')`,
  'a workflow of a template that is gone': `
    ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_template_id_fkey;
    UPDATE user_workflows SET template_id = 'gone' WHERE template_id IS NULL`,
  'two workflows with one id': `
    ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_pkey CASCADE;
    INSERT INTO user_workflows SELECT * FROM user_workflows LIMIT 1`,
};

test.each(Object.entries(rows))('%s: refused, and nothing is changed', async (_, change) => {
  const { error, differences } = await expectRefused(await legacyDatabase(change), 6);
  expect(error?.sqlstate).toMatch(/^23/);
  expect(differences.length).toBeGreaterThan(0);
});
