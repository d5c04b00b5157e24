-- constraints with another meaning
ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check,
  ADD CONSTRAINT workflow_executions_source_check CHECK (template_id IS NOT NULL OR user_workflow_id IS NOT NULL),
  DROP CONSTRAINT workflow_executions_user_workflow_id_fkey,
  ADD CONSTRAINT workflow_executions_user_workflow_id_fkey
  FOREIGN KEY (user_workflow_id) REFERENCES user_workflows (id) ON DELETE SET NULL;
ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_user_id_fkey,
  ADD CONSTRAINT user_workflows_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
  DROP CONSTRAINT user_workflows_template_id_fkey,
  ADD CONSTRAINT user_workflows_template_id_fkey
  FOREIGN KEY (template_id) REFERENCES workflow_templates (id) ON DELETE CASCADE;

-- constraints that were never validated
ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check,
  ADD CONSTRAINT workflow_executions_source_check CHECK (num_nonnulls(template_id, user_workflow_id) = 1) NOT VALID,
  DROP CONSTRAINT workflow_executions_user_workflow_id_fkey,
  ADD CONSTRAINT workflow_executions_user_workflow_id_fkey
  FOREIGN KEY (user_workflow_id) REFERENCES user_workflows (id) ON DELETE CASCADE NOT VALID;

-- a trigger that is disabled, one that is AFTER UPDATE, and another body of the function
ALTER TABLE user_workflows DISABLE TRIGGER update_user_workflows_updated_at;
DROP TRIGGER update_workflow_templates_updated_at ON workflow_templates;
CREATE TRIGGER update_workflow_templates_updated_at AFTER UPDATE ON workflow_templates
  FOR EACH STATEMENT EXECUTE FUNCTION update_updated_at_column();
CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;

-- defaults that are written differently, missing, or have other values
ALTER TABLE workflow_templates ALTER created_at SET DEFAULT now();
ALTER TABLE user_workflows ALTER is_active DROP DEFAULT, ALTER execution_count SET DEFAULT 1;

-- an INVALID index, which an interrupted concurrent build leaves
UPDATE pg_index SET indisvalid = false
WHERE indexrelid = 'idx_workflow_executions_user_workflow_id'::regclass;

-- missing columns that may be null
ALTER TABLE workflow_templates DROP COLUMN goal, DROP COLUMN category, DROP COLUMN updated_at;
ALTER TABLE user_workflows DROP COLUMN description, DROP COLUMN config, DROP COLUMN is_favorite;
DELETE FROM workflow_executions WHERE user_workflow_id IS NOT NULL;
ALTER TABLE workflow_executions DROP COLUMN user_workflow_id;

-- defaults, a check and a function written differently
ALTER TABLE workflow_templates ALTER created_at SET DEFAULT now(), ALTER updated_at SET DEFAULT now();
ALTER TABLE user_workflows ALTER created_at SET DEFAULT now(), ALTER updated_at SET DEFAULT now(),
  ALTER config SET DEFAULT '{ }'::jsonb, ALTER execution_count SET DEFAULT '0'::int;
ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check,
  ADD CONSTRAINT workflow_executions_source_check CHECK (num_nonnulls(template_id, user_workflow_id) = 1);
CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END;
$$;

-- foreign keys with other names
--   unexpected constraint public.user_workflows.fk_template
--   unexpected constraint public.user_workflows.fk_user
ALTER TABLE user_workflows RENAME CONSTRAINT user_workflows_template_id_fkey TO fk_template;
ALTER TABLE user_workflows RENAME CONSTRAINT user_workflows_user_id_fkey TO fk_user;

-- objects that somebody added: on the migrations' tables with warnings, on others without
--   unexpected column public.user_workflows.color
--   unexpected constraint public.user_workflows.named
--   unexpected index public.by_name
--   unexpected policy public.user_workflows.own
--   unexpected trigger public.user_workflows.again
ALTER TABLE user_workflows ADD COLUMN color text DEFAULT 'red', ADD CONSTRAINT named CHECK (name <> '');
CREATE INDEX by_name ON workflow_templates (lower(name));
CREATE TRIGGER again BEFORE INSERT ON user_workflows FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
CREATE POLICY own ON user_workflows USING (user_id IS NOT NULL);
CREATE VIEW mine AS SELECT w.*, t.goal FROM user_workflows w JOIN workflow_templates t ON t.id = w.template_id;
CREATE MATERIALIZED VIEW counts AS SELECT template_id, count(*) FROM workflow_executions GROUP BY 1;
ALTER TABLE workflow_executions ADD COLUMN note text, ADD CONSTRAINT short CHECK (length(note) < 9);
CREATE INDEX by_note ON workflow_executions (note) INCLUDE (user_workflow_id);
CREATE TABLE favourites (workflow uuid REFERENCES user_workflows, template text REFERENCES workflow_templates);
