-- at first, one of four executions is of a user's workflow
--   4,1
SELECT count(*), count(user_workflow_id) FROM workflow_executions;

-- deleting a user deletes the user's workflows, and their executions
--   3,0
UPDATE workflow_executions SET user_id = NULL;
DELETE FROM users WHERE id = '00000000-0000-4000-8000-000000000001';
SELECT count(*), count(user_workflow_id) FROM workflow_executions;

-- deleting a workflow deletes its executions
--   3,0
DELETE FROM user_workflows WHERE id = '00000000-0000-4000-8000-0000000000f1';
SELECT count(*), count(user_workflow_id) FROM workflow_executions;

-- deleting a template keeps its workflows, without a template
--   without a template
DELETE FROM workflow_templates WHERE id = 'onboarding';
SELECT coalesce(template_id, 'without a template') FROM user_workflows
WHERE id = '00000000-0000-4000-8000-0000000000f1';

-- an execution may come from a template
--   inserted
INSERT INTO workflow_executions (template_id) VALUES ('onboarding') RETURNING 'inserted';

-- an execution may come from a workflow
--   inserted
INSERT INTO workflow_executions (user_workflow_id) VALUES ('00000000-0000-4000-8000-0000000000f1')
RETURNING 'inserted';

-- an update of a template moves updated_at
--   onboarding,true
UPDATE workflow_templates SET name = 'new', updated_at = '2001-02-03' WHERE id = 'onboarding'
RETURNING id, updated_at = CURRENT_TIMESTAMP;

-- an update of a workflow moves updated_at
--   Mine,true
UPDATE user_workflows SET description = 'new', updated_at = '2001-02-03' WHERE name = 'Mine'
RETURNING name, updated_at = CURRENT_TIMESTAMP;

-- an execution of both a template and a workflow is refused
--   violates workflow_executions_source_check
INSERT INTO workflow_executions (template_id, user_workflow_id)
VALUES ('onboarding', '00000000-0000-4000-8000-0000000000f1');

-- an execution of neither a template nor a workflow is refused
--   violates workflow_executions_source_check
INSERT INTO workflow_executions (template_id, user_workflow_id) VALUES (NULL, NULL);

-- an execution of a workflow that does not exist is refused
--   violates workflow_executions_user_workflow_id_fkey
INSERT INTO workflow_executions (user_workflow_id) VALUES ('00000000-0000-4000-8000-000000000001');

-- a workflow of a user that does not exist is refused
--   violates user_workflows_user_id_fkey
INSERT INTO user_workflows (user_id, name, definition) VALUES ('00000000-0000-4000-8000-0000000000f1', 'x', '{}');

-- a workflow of a template that does not exist is refused
--   violates user_workflows_template_id_fkey
INSERT INTO user_workflows (user_id, template_id, name, definition)
VALUES ('00000000-0000-4000-8000-000000000001', 'none', 'x', '{}');
