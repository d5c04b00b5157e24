import { legacySql } from './legacy.js';

/** The same tables written by somebody else: another order, other words, constraints inside the tables, more objects. */
const bySomebodyElse = `
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
create view active_workflows as select * from user_workflows where is_active;`;

/** The legacy files with other words. @throws where there is nothing to replace */
const replaced = (...pairs: readonly (readonly [RegExp, string])[]): string =>
  pairs.reduce(
    (sql, [from, to]) => {
      if (sql.search(from) < 0) throw new Error(`the legacy files do not say ${from.source}`);
      return sql.replace(from, to);
    },
    `${legacySql('009_agent_templates_v2.sql')}\n${legacySql('004_create_user_workflows_table.sql')}`,
  );

/** The facts of the legacy files in other words. `extra`: objects on this project's own tables that no migration creates. */
export const spellings: Readonly<
  Record<string, { readonly sql: string; readonly extra: readonly string[] }>
> = {
  'written by somebody else': {
    sql: bySomebodyElse,
    extra: [
      'constraint public.user_workflows.user_workflows_name_check',
      'index public.user_workflows_recent',
    ],
  },
  'with types, defaults, check and function written differently': {
    sql: replaced(
      [/VARCHAR\(/g, 'character varying('],
      [/\bBOOLEAN\b/g, 'bool'],
      [/\bINTEGER\b/g, 'int4'],
      [/DEFAULT CURRENT_TIMESTAMP/g, 'DEFAULT NOW()'],
      [/DEFAULT '\{\}'/g, `DEFAULT '{}'::jsonb`],
      [/DEFAULT 0/g, `DEFAULT '0'::int`],
      [/NEW\.updated_at = CURRENT_TIMESTAMP;/g, 'NEW.updated_at := now();'],
      [
        /CHECK \(\s+\(template_id IS NOT NULL[^;]*\n\s+\);/,
        'CHECK (num_nonnulls(template_id, user_workflow_id) = 1);',
      ],
    ),
    extra: [],
  },
  'whose foreign keys have other names': {
    sql: replaced(
      [/UUID NOT NULL REFERENCES users/, 'UUID NOT NULL CONSTRAINT fk_user REFERENCES users'],
      [/VARCHAR\(255\) REFERENCES/, 'VARCHAR(255) CONSTRAINT fk_template REFERENCES'],
    ),
    extra: [
      'constraint public.user_workflows.fk_template',
      'constraint public.user_workflows.fk_user',
    ],
  },
};
