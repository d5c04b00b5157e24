-- template_id of executions as uuid
--   changed column public.workflow_executions.template_id: uuid NULL
DELETE FROM workflow_executions WHERE template_id IS NOT NULL;
ALTER TABLE workflow_executions ALTER template_id TYPE uuid USING NULL;

-- template_id of workflows as uuid
--   changed column public.user_workflows.template_id: uuid NULL
ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_template_id_fkey,
  ALTER template_id TYPE uuid USING '00000000-0000-4000-8000-000000000009';

-- user_workflow_id of executions as varchar
--   changed column public.workflow_executions.user_workflow_id: character varying(255) NULL
ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey,
  ALTER user_workflow_id TYPE varchar(255);

-- columns of other types, lengths and nullability, and an index on another column
--   changed column public.user_workflows.definition: jsonb NULL
--   changed column public.user_workflows.execution_count: bigint NULL DEFAULT 0
--   changed column public.user_workflows.is_active: boolean NOT NULL DEFAULT true
--   changed column public.user_workflows.name: character varying(300) NOT NULL
--   changed column public.workflow_templates.created_at: timestamp with time zone NULL DEFAULT CURRENT_TIMESTAMP
--   changed column public.workflow_templates.goal: character varying(255) NULL
--   changed index public.idx_user_workflows_category: USING btree (name)
ALTER TABLE workflow_templates ALTER created_at TYPE timestamptz, ALTER goal TYPE varchar(255);
ALTER TABLE user_workflows ALTER execution_count TYPE bigint, ALTER name TYPE varchar(300),
  ALTER definition DROP NOT NULL, ALTER is_active SET NOT NULL;
DROP INDEX idx_user_workflows_category;
CREATE INDEX idx_user_workflows_category ON user_workflows (name);

-- a primary key of another name
--   missing constraint public.user_workflows.user_workflows_pkey
ALTER TABLE user_workflows RENAME CONSTRAINT user_workflows_pkey TO user_workflows_pk;

-- a primary key on another column
--   changed constraint public.workflow_templates.workflow_templates_pkey: PRIMARY KEY (name)
ALTER TABLE workflow_templates DROP CONSTRAINT workflow_templates_pkey CASCADE, ADD PRIMARY KEY (name);

-- an unlogged table
--   changed table public.user_workflows: UNLOGGED
DELETE FROM workflow_executions WHERE user_workflow_id IS NOT NULL;
ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey;
ALTER TABLE user_workflows SET UNLOGGED;

-- a generated column
--   changed column public.workflow_templates.usage_count: integer NULL GENERATED ALWAYS AS (1) STORED
ALTER TABLE workflow_templates DROP COLUMN usage_count,
  ADD COLUMN usage_count integer GENERATED ALWAYS AS (1) STORED;

-- a view in the place of a table
--   unexpected view public.user_workflows: SELECT 1 AS id
ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey;
ALTER TABLE user_workflows RENAME TO workflows;
CREATE VIEW user_workflows AS SELECT 1 AS id;

-- row security, which hides rows
--   unexpected row security public.user_workflows: ENABLE ROW LEVEL SECURITY
ALTER TABLE user_workflows ENABLE ROW LEVEL SECURITY;
