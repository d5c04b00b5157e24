import type { MigrationBuilder } from 'node-pg-migrate';

const executions = { schema: 'public', name: 'workflow_executions' };

/**
 * Validation reads the whole table, with a lock that does not block writers. The transaction of `0003` must
 * commit first, since it keeps stronger locks until then. The one statement validates both constraints or
 * neither, and is safe to run again.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction();
  pgm.sql(`ALTER TABLE public.workflow_executions
  VALIDATE CONSTRAINT workflow_executions_user_workflow_id_fkey,
  VALIDATE CONSTRAINT workflow_executions_source_check`);
}

/** Makes the constraints NOT VALID again: PostgreSQL can do that only by dropping and adding them. */
export function down(pgm: MigrationBuilder): void {
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
