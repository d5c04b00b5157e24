import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { testDatabase } from '../support/test-database.js';
import { lastLegacy, schemaLines } from './adoption.js';

const foreignKey = (column: string, target: string, action: string): string =>
  `FOREIGN KEY (${column}) REFERENCES ${target}(id) ON DELETE ${action}`;
const index = (table: string, column: string): string =>
  `CREATE INDEX idx_${table}_${column} ON public.${table} USING btree (${column})`;
const trigger = (table: string): string =>
  `CREATE TRIGGER update_${table}_updated_at BEFORE UPDATE ON public.${table} FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()`;

/** The schema that the application needs, as the facts about it say; not read from the effects. */
const expected = `
workflow_templates: r p f
workflow_templates.id character varying(255) NOT NULL
workflow_templates.name character varying(255) NOT NULL
workflow_templates.goal text
workflow_templates.steps jsonb NOT NULL
workflow_templates.conditions jsonb
workflow_templates.outputs jsonb
workflow_templates.category character varying(100)
workflow_templates.is_active boolean DEFAULT true
workflow_templates.usage_count integer DEFAULT 0
workflow_templates.created_at timestamp without time zone DEFAULT CURRENT_TIMESTAMP
workflow_templates.updated_at timestamp without time zone DEFAULT CURRENT_TIMESTAMP
workflow_templates.workflow_templates_pkey PRIMARY KEY (id)
CREATE UNIQUE INDEX workflow_templates_pkey ON public.workflow_templates USING btree (id)
${index('workflow_templates', 'category')}
${index('workflow_templates', 'is_active')}
${trigger('workflow_templates')}
user_workflows: r p f
user_workflows.id uuid NOT NULL DEFAULT gen_random_uuid()
user_workflows.user_id uuid NOT NULL
user_workflows.template_id character varying(255)
user_workflows.name character varying(255) NOT NULL
user_workflows.description text
user_workflows.category character varying(100)
user_workflows.definition jsonb NOT NULL
user_workflows.config jsonb DEFAULT '{}'::jsonb
user_workflows.is_active boolean DEFAULT true
user_workflows.is_favorite boolean DEFAULT false
user_workflows.last_used timestamp with time zone
user_workflows.execution_count integer DEFAULT 0
user_workflows.created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP
user_workflows.updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP
user_workflows.user_workflows_pkey PRIMARY KEY (id)
user_workflows.user_workflows_user_id_fkey ${foreignKey('user_id', 'users', 'CASCADE')}
user_workflows.user_workflows_template_id_fkey ${foreignKey('template_id', 'workflow_templates', 'SET NULL')}
CREATE UNIQUE INDEX user_workflows_pkey ON public.user_workflows USING btree (id)
${index('user_workflows', 'user_id')}
${index('user_workflows', 'template_id')}
${index('user_workflows', 'category')}
${index('user_workflows', 'is_active')}
${trigger('user_workflows')}
workflow_executions.template_id character varying(255)
workflow_executions.user_workflow_id uuid
workflow_executions.workflow_executions_user_workflow_id_fkey ${foreignKey('user_workflow_id', 'user_workflows', 'CASCADE')}
workflow_executions.workflow_executions_source_check CHECK ((((template_id IS NOT NULL) AND (user_workflow_id IS NULL)) OR ((template_id IS NULL) AND (user_workflow_id IS NOT NULL))))
${index('workflow_executions', 'user_workflow_id')}`;

test('the migrations make the schema that the application needs, and change nothing else', async () => {
  const database = await testDatabase();
  const before = await schemaLines(database);
  expect((await call(['up', lastLegacy], { url: database.url })).code).toBe(0);
  const after = await schemaLines(database);
  expect(after.filter((line) => !before.includes(line)).sort()).toEqual(
    expected.trim().split('\n').sort(),
  );
  expect(before.filter((line) => !after.includes(line))).toEqual([
    'workflow_executions.template_id character varying(255) NOT NULL',
  ]);
});
