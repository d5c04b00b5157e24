-- The same tables in another style: other order, other words, constraints inside the tables, more objects.

create table public.workflow_templates (
  updated_at timestamp without time zone default current_timestamp,
  created_at timestamp without time zone default current_timestamp,
  outputs jsonb default null,
  conditions jsonb null,
  steps jsonb not null,
  usage_count int4 default '0',
  is_active bool default 't',
  category character varying(100),
  goal text,
  name character varying(255) not null,
  id character varying(255) not null,
  constraint workflow_templates_pkey primary key (id)
);
create index idx_workflow_templates_is_active on only public.workflow_templates using btree (is_active asc nulls last);
create index idx_workflow_templates_category on public.workflow_templates (category);

create table user_workflows (
  definition jsonb not null,
  name varchar(255) not null check (name is not null),
  user_id uuid not null,
  template_id varchar(255),
  id uuid not null default gen_random_uuid(),
  config jsonb default '{ }'::jsonb,
  category varchar(100), description text,
  is_favorite boolean default 'no', is_active boolean default 'yes',
  execution_count int default 0,
  last_used timestamptz,
  updated_at timestamptz default current_timestamp,
  created_at timestamptz default current_timestamp,
  primary key (id),
  foreign key (template_id) references workflow_templates on delete set null on update no action,
  foreign key (user_id) references users on delete cascade not deferrable
);
create index idx_user_workflows_is_active on user_workflows (is_active);
create index idx_user_workflows_category on user_workflows (category);
create index idx_user_workflows_template_id on user_workflows (template_id);
create index idx_user_workflows_user_id on user_workflows (user_id);
create index user_workflows_recent on user_workflows (user_id, last_used desc);

create or replace function update_updated_at_column() returns trigger language 'plpgsql' as '
begin
  new.updated_at := now();
  return new;
end';
create trigger update_workflow_templates_updated_at before update on workflow_templates
  for each row execute procedure update_updated_at_column();
create trigger update_user_workflows_updated_at before update on user_workflows
  for each row execute procedure update_updated_at_column();

alter table workflow_executions
  alter column template_id drop not null,
  add column user_workflow_id uuid,
  add foreign key (user_workflow_id) references user_workflows on delete cascade,
  add constraint workflow_executions_source_check check ((template_id is null) <> (user_workflow_id is null));
create index concurrently_or_not on workflow_executions (user_workflow_id);
create table workflow_labels (workflow uuid references user_workflows on delete cascade, tag text);
create view active_workflows as select * from user_workflows where is_active;
