import { expect, test } from 'vitest';
import { expectAdopted } from './adoption.js';
import { legacyDatabase } from './adoption-database.js';

/** Shapes that are wrong, and are put right without touching a value. */
const mended: Record<string, string> = {
  'a check constraint of the right name and another meaning': `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check,
      ADD CONSTRAINT workflow_executions_source_check CHECK (template_id IS NOT NULL OR user_workflow_id IS NOT NULL)`,
  'a source check that was never validated': `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check,
      ADD CONSTRAINT workflow_executions_source_check CHECK (num_nonnulls(template_id, user_workflow_id) = 1) NOT VALID`,
  'a foreign key to users with another delete rule': `
    ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_user_id_fkey,
      ADD CONSTRAINT user_workflows_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)`,
  'a foreign key to templates with another delete rule': `
    ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_template_id_fkey,
      ADD CONSTRAINT user_workflows_template_id_fkey
      FOREIGN KEY (template_id) REFERENCES workflow_templates (id) ON DELETE CASCADE`,
  'a foreign key of executions with another delete rule': `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey,
      ADD CONSTRAINT workflow_executions_user_workflow_id_fkey
      FOREIGN KEY (user_workflow_id) REFERENCES user_workflows (id) ON DELETE SET NULL`,
  'a foreign key of executions that was never validated': `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey,
      ADD CONSTRAINT workflow_executions_user_workflow_id_fkey
      FOREIGN KEY (user_workflow_id) REFERENCES user_workflows (id) ON DELETE CASCADE NOT VALID`,
  'a trigger that is disabled': 'ALTER TABLE user_workflows DISABLE TRIGGER update_user_workflows_updated_at',
  'a trigger that comes after': `
    DROP TRIGGER update_workflow_templates_updated_at ON workflow_templates;
    CREATE TRIGGER update_workflow_templates_updated_at AFTER UPDATE ON workflow_templates
      FOR EACH STATEMENT EXECUTE FUNCTION update_updated_at_column()`,
  'a shared function with another body': `
    CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`,
  'a default spelled otherwise, a default missing, and another default': `
    ALTER TABLE workflow_templates ALTER created_at SET DEFAULT now();
    ALTER TABLE user_workflows ALTER is_active DROP DEFAULT, ALTER execution_count SET DEFAULT 1`,
  'columns that may be empty missing from both tables': `
    ALTER TABLE workflow_templates DROP COLUMN goal, DROP COLUMN category, DROP COLUMN updated_at;
    ALTER TABLE user_workflows DROP COLUMN description, DROP COLUMN config, DROP COLUMN is_favorite`,
  'the new column of executions missing': `
    DELETE FROM workflow_executions WHERE user_workflow_id IS NOT NULL;
    ALTER TABLE workflow_executions DROP COLUMN user_workflow_id`,
};

test.each(Object.entries(mended))('%s', async (_, change) => {
  await expectAdopted(await legacyDatabase(change));
});

test('an INVALID index left by a broken concurrent build', async () => {
  const name = 'idx_workflow_executions_user_workflow_id';
  const database = await legacyDatabase(`DROP INDEX ${name}`);
  const [writer, builder] = await Promise.all([database.connect(), database.connect()]);
  const [{ pid } = { pid: 0 }] = (await builder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
  await writer.query("BEGIN; UPDATE workflow_executions SET status = 'failed'");
  const building = builder.query(`CREATE INDEX CONCURRENTLY ${name} ON workflow_executions (user_workflow_id)`);
  const broken = expect(building).rejects.toMatchObject({ code: '57014' });
  await expect
    .poll(() => database.query(`SELECT FROM pg_locks WHERE pid = ${pid} AND NOT granted`), { timeout: 20_000 })
    .toHaveLength(1);
  await database.query(`SELECT pg_cancel_backend(${pid})`);
  await broken;
  await writer.query('ROLLBACK');
  expect(await database.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = '${name}'::regclass`)).toEqual([
    { indisvalid: false },
  ]);
  await expectAdopted(database);
});
