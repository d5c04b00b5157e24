import type { MigrationBuilder } from 'node-pg-migrate';

const executions = { schema: 'public', name: 'workflow_executions' };

/**
 * Changes a table that may hold many millions of rows: every statement takes its lock only for an instant, since none of
 * them looks at a row. `0004` does that, without blocking writers.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.addColumns(executions, { user_workflow_id: { type: 'uuid' } }, { ifNotExists: true });
  pgm.alterColumn(executions, 'template_id', { notNull: false });
  // Made anew, so that a constraint of the right name and another meaning is mended.
  pgm.dropConstraint(executions, 'workflow_executions_user_workflow_id_fkey', { ifExists: true });
  pgm.addConstraint(
    executions,
    'workflow_executions_user_workflow_id_fkey',
    'FOREIGN KEY (user_workflow_id) REFERENCES public.user_workflows (id) ON DELETE CASCADE NOT VALID',
  );
  pgm.dropConstraint(executions, 'workflow_executions_source_check', { ifExists: true });
  pgm.addConstraint(
    executions,
    'workflow_executions_source_check',
    `CHECK ((template_id IS NOT NULL AND user_workflow_id IS NULL)
      OR (template_id IS NULL AND user_workflow_id IS NOT NULL)) NOT VALID`,
  );
}

/**
 * An execution of a user's workflow has no place in the schema before, where each has a template: it goes. The guard has
 * counted it as a value of `user_workflow_id`, and stopped here unless `--allow-data-loss` was given.
 */
export function down(pgm: MigrationBuilder): void {
  pgm.dropConstraint(executions, 'workflow_executions_source_check', { ifExists: true });
  pgm.dropConstraint(executions, 'workflow_executions_user_workflow_id_fkey', { ifExists: true });
  pgm.sql('DELETE FROM public.workflow_executions WHERE user_workflow_id IS NOT NULL AND template_id IS NULL');
  pgm.dropColumns(executions, 'user_workflow_id', { ifExists: true });
  pgm.alterColumn(executions, 'template_id', { notNull: true });
}
