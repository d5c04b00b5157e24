import type { MigrationBuilder } from 'node-pg-migrate';

const executions = { schema: 'public', name: 'workflow_executions' };

/**
 * Validation reads the whole table, under a lock that lets writers through. It comes after the transaction of `0003`,
 * whose strong locks would otherwise be held until it is done. One statement, so that both are valid or neither is; to
 * validate what is valid already does nothing.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.noTransaction();
  pgm.sql(`ALTER TABLE public.workflow_executions
  VALIDATE CONSTRAINT workflow_executions_user_workflow_id_fkey,
  VALIDATE CONSTRAINT workflow_executions_source_check`);
}

/** There is no way to make a constraint unvalidated but to make it anew, as `0003` does. */
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
