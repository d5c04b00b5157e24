/** The schema to reach, as FACTS.md has it; written here once more, so that the effect files are not their own witness. */
export const columns: Readonly<Record<string, string>> = {
  'workflow_templates.id': 'character varying(255), not null',
  'workflow_templates.name': 'character varying(255), not null',
  'workflow_templates.goal': 'text',
  'workflow_templates.steps': 'jsonb, not null',
  'workflow_templates.conditions': 'jsonb',
  'workflow_templates.outputs': 'jsonb',
  'workflow_templates.category': 'character varying(100)',
  'workflow_templates.is_active': 'boolean, default true',
  'workflow_templates.usage_count': 'integer, default 0',
  'workflow_templates.created_at': 'timestamp without time zone, default CURRENT_TIMESTAMP',
  'workflow_templates.updated_at': 'timestamp without time zone, default CURRENT_TIMESTAMP',
  'user_workflows.id': 'uuid, not null, default gen_random_uuid()',
  'user_workflows.user_id': 'uuid, not null',
  'user_workflows.template_id': 'character varying(255)',
  'user_workflows.name': 'character varying(255), not null',
  'user_workflows.description': 'text',
  'user_workflows.category': 'character varying(100)',
  'user_workflows.definition': 'jsonb, not null',
  'user_workflows.config': `jsonb, default '{}'::jsonb`,
  'user_workflows.is_active': 'boolean, default true',
  'user_workflows.is_favorite': 'boolean, default false',
  'user_workflows.last_used': 'timestamp with time zone',
  'user_workflows.execution_count': 'integer, default 0',
  'user_workflows.created_at': 'timestamp with time zone, default CURRENT_TIMESTAMP',
  'user_workflows.updated_at': 'timestamp with time zone, default CURRENT_TIMESTAMP',
  'workflow_executions.template_id': 'character varying(255)',
  'workflow_executions.user_workflow_id': 'uuid',
};
export const sourceCheck =
  'CHECK ((((template_id IS NOT NULL) AND (user_workflow_id IS NULL)) OR ((template_id IS NULL) AND (user_workflow_id IS NOT NULL))))';
export const constraints: Readonly<Record<string, string>> = {
  'workflow_templates.workflow_templates_pkey': 'PRIMARY KEY (id)',
  'user_workflows.user_workflows_pkey': 'PRIMARY KEY (id)',
  'user_workflows.user_workflows_user_id_fkey': 'FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE',
  'user_workflows.user_workflows_template_id_fkey':
    'FOREIGN KEY (template_id) REFERENCES public.workflow_templates(id) ON DELETE SET NULL',
  'workflow_executions.workflow_executions_user_workflow_id_fkey':
    'FOREIGN KEY (user_workflow_id) REFERENCES public.user_workflows(id) ON DELETE CASCADE',
  'workflow_executions.workflow_executions_source_check': sourceCheck,
};
export const indexes: Readonly<Record<string, string>> = {
  idx_workflow_templates_category: 'category',
  idx_workflow_templates_is_active: 'is_active',
  idx_user_workflows_user_id: 'user_id',
  idx_user_workflows_template_id: 'template_id',
  idx_user_workflows_category: 'category',
  idx_user_workflows_is_active: 'is_active',
  idx_workflow_executions_user_workflow_id: 'user_workflow_id',
};
