import type { MigrationBuilder } from 'node-pg-migrate';

const executions = { schema: 'public', name: 'workflow_executions' };
const name = 'idx_workflow_executions_user_workflow_id';

/** Builds the index without blocking writers. First drops the INVALID index of an interrupted build. */
export async function up(pgm: MigrationBuilder): Promise<void> {
  pgm.noTransaction();
  const invalid = (await pgm.db
    .select(`SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = to_regclass('public.workflow_executions') AND c.relname = '${name}' AND NOT i.indisvalid`)) as object[];
  if (invalid.length > 0)
    pgm.dropIndex(executions, 'user_workflow_id', { name, concurrently: true, ifExists: true });
  pgm.createIndex(executions, 'user_workflow_id', { name, concurrently: true, ifNotExists: true });
}

/** Drops the index in the transaction of the run. Writers are blocked only briefly, since a drop is quick. */
export function down(pgm: MigrationBuilder): void {
  pgm.dropIndex(executions, 'user_workflow_id', { name, ifExists: true });
}
