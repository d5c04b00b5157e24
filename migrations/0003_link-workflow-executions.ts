import type { MigrationBuilder } from 'node-pg-migrate';

const executions = { schema: 'public', name: 'workflow_executions' };

/**
 * The table may have many millions of rows, so no statement of `up` reads them: the constraints are NOT
 * VALID, and `0004` validates them without blocking writers.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.addColumns(executions, { user_workflow_id: { type: 'uuid' } }, { ifNotExists: true });
  pgm.alterColumn(executions, 'template_id', { notNull: false });
  // Drop and add each constraint: one with this name may exist, with another definition.
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
 * Before this migration, every execution must have a template. Executions of users' workflows have none, so
 * `down` deletes them. If there are any, the run is refused, unless `--allow-data-loss` is given.
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
