-- Rows for those tables of the migrations that exist, and an execution of a user's workflow.
-- `base-rows.sql` has the users: …0001 is Ada, and …0002 is Grace.
DO $$ BEGIN
  IF to_regclass('public.workflow_templates') IS NOT NULL THEN
    INSERT INTO workflow_templates (id, name, steps, category, usage_count, created_at, updated_at) VALUES
      ('onboarding', 'Onboarding', '[{"do": "greet", "args": null}]', 'people', 7, '2024-02-29', '2024-03-01'),
      ('weekly-report', 'Weekly report', '[]', NULL, 0, '2024-02-29 12:00', '2024-03-01');
  END IF;

  IF to_regclass('public.user_workflows') IS NOT NULL THEN
    INSERT INTO user_workflows (id, user_id, template_id, name, definition, config, execution_count) VALUES
      ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-000000000001', 'onboarding',
        'Mine', '{"steps": [1, {"a": null}]}', '{"x": "ä"}', 3),
      ('00000000-0000-4000-8000-0000000000f2', '00000000-0000-4000-8000-000000000002', NULL,
        'Hers', '{}', NULL, 0);
  END IF;

  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.workflow_executions'::regclass
      AND attname = 'template_id' AND NOT attnotnull)
    AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.workflow_executions'::regclass
      AND attname = 'user_workflow_id') THEN
    INSERT INTO workflow_executions (user_workflow_id, user_id, status, output) VALUES
      ('00000000-0000-4000-8000-0000000000f1', '00000000-0000-4000-8000-000000000001', 'completed',
        '{"done": true}');
  END IF;
END $$
