import type { MigrationBuilder } from 'node-pg-migrate';

const templates = { schema: 'public', name: 'workflow_templates' };
const touch = { schema: 'public', name: 'update_updated_at_column' };

export function up(pgm: MigrationBuilder): void {
  const now = pgm.func('CURRENT_TIMESTAMP');
  const columns = {
    id: { type: 'varchar(255)', notNull: true, primaryKey: true },
    name: { type: 'varchar(255)', notNull: true },
    goal: { type: 'text' },
    steps: { type: 'jsonb', notNull: true },
    conditions: { type: 'jsonb' },
    outputs: { type: 'jsonb' },
    category: { type: 'varchar(100)' },
    is_active: { type: 'boolean', default: true },
    usage_count: { type: 'integer', default: 0 },
    created_at: { type: 'timestamp', default: now },
    updated_at: { type: 'timestamp', default: now },
  };
  pgm.createTable(templates, columns, { ifNotExists: true });
  // Where a legacy runner made the table: what it lacks, and a default that it spells otherwise (which changes no row).
  // All else that it has is left alone, and is for the check to judge.
  pgm.addColumns(templates, columns, { ifNotExists: true });
  for (const [name, column] of Object.entries(columns))
    if ('default' in column) pgm.alterColumn(templates, name, { default: column.default });
  pgm.sql(`DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'public.workflow_templates'::regclass AND contype = 'p') THEN
    ALTER TABLE public.workflow_templates ADD CONSTRAINT workflow_templates_pkey PRIMARY KEY (id);
  END IF;
END $$`);
  pgm.createIndex(templates, 'category', { name: 'idx_workflow_templates_category', ifNotExists: true });
  pgm.createIndex(templates, 'is_active', { name: 'idx_workflow_templates_is_active', ifNotExists: true });

  // Shared with the application, which hangs triggers of other tables on it.
  pgm.createFunction(
    touch,
    [],
    { returns: 'trigger', language: 'plpgsql', replace: true },
    `
BEGIN
  NEW.updated_at = CURRENT_TIMESTAMP;
  RETURN NEW;
END;
`,
  );
  pgm.dropTrigger(templates, 'update_workflow_templates_updated_at', { ifExists: true });
  pgm.createTrigger(templates, 'update_workflow_templates_updated_at', {
    when: 'BEFORE',
    operation: 'UPDATE',
    level: 'ROW',
    function: touch,
  });
}

export function down(pgm: MigrationBuilder): void {
  pgm.dropTable(templates, { ifExists: true });
  // Never from under somebody else's trigger; and somebody else's function is not ours to drop.
  pgm.sql(`DO $$ BEGIN
  DROP FUNCTION IF EXISTS public.update_updated_at_column();
EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
  RAISE NOTICE 'update_updated_at_column() is used elsewhere, and stays';
END $$`);
}
