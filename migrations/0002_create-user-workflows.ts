import type { MigrationBuilder } from 'node-pg-migrate';

const workflows = { schema: 'public', name: 'user_workflows' };

export function up(pgm: MigrationBuilder): void {
  const now = pgm.func('CURRENT_TIMESTAMP');
  const columns = {
    id: { type: 'uuid', notNull: true, primaryKey: true, default: pgm.func('gen_random_uuid()') },
    user_id: { type: 'uuid', notNull: true },
    template_id: { type: 'varchar(255)' },
    name: { type: 'varchar(255)', notNull: true },
    description: { type: 'text' },
    category: { type: 'varchar(100)' },
    definition: { type: 'jsonb', notNull: true },
    config: { type: 'jsonb', default: '{}' },
    is_active: { type: 'boolean', default: true },
    is_favorite: { type: 'boolean', default: false },
    last_used: { type: 'timestamptz' },
    execution_count: { type: 'integer', default: 0 },
    created_at: { type: 'timestamptz', default: now },
    updated_at: { type: 'timestamptz', default: now },
  };
  pgm.createTable(workflows, columns, { ifNotExists: true });
  // An older program may have created the table: add the columns that the table lacks, and set all defaults.
  // That changes no row. If anything else is wrong, the check refuses it.
  pgm.addColumns(workflows, columns, { ifNotExists: true });
  for (const [name, column] of Object.entries(columns))
    if ('default' in column) pgm.alterColumn(workflows, name, { default: column.default });
  pgm.sql(`DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'public.user_workflows'::regclass AND contype = 'p') THEN
    ALTER TABLE public.user_workflows ADD CONSTRAINT user_workflows_pkey PRIMARY KEY (id);
  END IF;
END $$`);
  // PostgreSQL has no ADD CONSTRAINT IF NOT EXISTS, so drop and add: this also corrects a wrong ON DELETE.
  pgm.dropConstraint(workflows, 'user_workflows_user_id_fkey', { ifExists: true });
  pgm.addConstraint(workflows, 'user_workflows_user_id_fkey', {
    foreignKeys: { columns: 'user_id', references: '"public"."users"(id)', onDelete: 'CASCADE' },
  });
  pgm.dropConstraint(workflows, 'user_workflows_template_id_fkey', { ifExists: true });
  pgm.addConstraint(workflows, 'user_workflows_template_id_fkey', {
    foreignKeys: {
      columns: 'template_id',
      references: '"public"."workflow_templates"(id)',
      onDelete: 'SET NULL',
    },
  });
  for (const column of ['user_id', 'template_id', 'category', 'is_active'])
    pgm.createIndex(workflows, column, { name: `idx_user_workflows_${column}`, ifNotExists: true });

  pgm.dropTrigger(workflows, 'update_user_workflows_updated_at', { ifExists: true });
  pgm.createTrigger(workflows, 'update_user_workflows_updated_at', {
    when: 'BEFORE',
    operation: 'UPDATE',
    level: 'ROW',
    function: { schema: 'public', name: 'update_updated_at_column' },
  });
}

export function down(pgm: MigrationBuilder): void {
  pgm.dropTable(workflows, { ifExists: true });
}
