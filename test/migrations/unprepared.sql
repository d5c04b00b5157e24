-- an empty database, although the legacy ledger lists files
--   table public.users
--   table public.workflow_executions
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
CREATE TABLE migrations (id serial PRIMARY KEY, filename varchar(255) UNIQUE NOT NULL);
INSERT INTO migrations (filename) VALUES ('009_agent_templates_v2.sql'), ('004_create_user_workflows_table.sql');

-- half a base schema, with another key and another type
--   column public.users.id
--   constraint public.users.users_pkey
--   table public.workflow_executions
DROP TABLE workflow_executions;
ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE, ALTER id DROP DEFAULT, ALTER id TYPE varchar(36);

-- the database of another application
--   column public.users.id
--   workflow_executions
DROP TABLE users, workflow_executions CASCADE;
CREATE TABLE users (id bigint PRIMARY KEY, login text);
CREATE TABLE user_workflows (user_id bigint REFERENCES users, flow text);
INSERT INTO users VALUES (1, 'ada');
CREATE VIEW workflow_executions AS SELECT id FROM users;
