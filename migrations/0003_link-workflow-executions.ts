import type { MigrationBuilder } from 'node-pg-migrate';

const executions = { schema: 'public', name: 'workflow_executions' };

/**
 * The table may hold many millions of rows, so no statement here reads them: the constraints are NOT VALID.
 * `0004` validates them, without blocking writers.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.addColumns(executions, { user_workflow_id: { type: 'uuid' } }, { ifNotExists: true });
  pgm.alterColumn(executions, 'template_id', { notNull: false });
  // Replaced, so that a constraint with this name and another definition is corrected.
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
 * Without this migration, every execution has a template. Executions of users' workflows have none, and are deleted;
 * the run is refused while there are any, unless `--allow-data-loss` is given.
 */
export function down(pgm: MigrationBuilder): void {
  pgm.dropConstraint(executions, 'workflow_executions_source_check', { ifExists: true });
  pgm.dropConstraint(executions, 'workflow_executions_user_workflow_id_fkey', { ifExists: true });
  pgm.sql(
    'DELETE FROM public.workflow_executions WHERE user_workflow_id IS NOT NULL AND template_id IS NULL',
  );
  pgm.dropColumns(executions, 'user_workflow_id', { ifExists: true });
  pgm.alterColumn(executions, 'template_id', { notNull: true });
}
