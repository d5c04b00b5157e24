import type { MigrationBuilder } from 'node-pg-migrate';

const templates = { schema: 'public', name: 'workflow_templates' };
const updateFunction = { schema: 'public', name: 'update_updated_at_column' };

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
  // An older program may have created the table: add the columns that the table lacks, and set all defaults.
  // That changes no row. If anything else is wrong, the check refuses it.
  pgm.addColumns(templates, columns, { ifNotExists: true });
  for (const [name, column] of Object.entries(columns))
    if ('default' in column) pgm.alterColumn(templates, name, { default: column.default });
  pgm.sql(`DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'public.workflow_templates'::regclass AND contype = 'p') THEN
    ALTER TABLE public.workflow_templates ADD CONSTRAINT workflow_templates_pkey PRIMARY KEY (id);
  END IF;
END $$`);
  pgm.createIndex(templates, 'category', {
    name: 'idx_workflow_templates_category',
    ifNotExists: true,
  });
  pgm.createIndex(templates, 'is_active', {
    name: 'idx_workflow_templates_is_active',
    ifNotExists: true,
  });

  // The application may use this function for triggers of its own tables.
  pgm.createFunction(
    updateFunction,
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
    function: updateFunction,
  });
}

export function down(pgm: MigrationBuilder): void {
  pgm.dropTable(templates, { ifExists: true });
  // The function stays if a trigger of another table uses it, or if another role owns it.
  pgm.sql(`DO $$ BEGIN
  DROP FUNCTION IF EXISTS public.update_updated_at_column();
EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
  RAISE NOTICE 'update_updated_at_column() stays, because something else uses it, or another role owns it';
END $$`);
}
