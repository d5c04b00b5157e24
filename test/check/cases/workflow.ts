import type { Difference } from '../../../scripts/report/types.js';
import { changed, missing, unexpected } from './case.js';
import { columns, constraints, indexes, sourceCheck } from './workflow-schema.js';

/** Something that happens to the schema of the five migrations. */
export interface WorkflowCase {
  readonly name: string;
  readonly spoil: string;
  readonly differences: readonly Difference[];
}

const tableOf = (name: string): string => name.slice(0, name.indexOf('.'));
const partOf = (name: string): string => name.slice(name.indexOf('.') + 1);

/** What hangs on a column, of constraints and indexes, is gone with it; so a column is renamed, which leaves them. */
const columnCases = Object.entries(columns).flatMap(([column, state]): WorkflowCase[] => {
  const [table, name, title] = [tableOf(column), partOf(column), `column public.${column}`];
  const [type = ''] = state.split(', ');
  const isNotNull = state.includes('not null');
  const has = / ?default (.*)/.exec(state)?.[1];
  const isKey = name === 'id';
  // Of a column that was there before the first migration only what effects name is compared.
  if (column === 'workflow_executions.template_id')
    return [
      {
        name: `${column} may not be null`,
        spoil: `ALTER TABLE ${table} ALTER ${name} SET NOT NULL`,
        differences: [changed(title, 'null', 'not null')],
      },
    ];
  const nothing = type === 'text' ? '(NULLIF(1, 1))::text' : `((NULLIF(1, 1))::text)::${type}`;
  return [
    ...(isNotNull
      ? isKey
        ? []
        : [
            {
              name: `${column} may be null`,
              spoil: `ALTER TABLE ${table} ALTER ${name} DROP NOT NULL`,
              differences: [changed(title, 'not null', 'null')],
            },
          ]
      : [
          {
            name: `${column} may not be null`,
            spoil: `ALTER TABLE ${table} ALTER ${name} SET NOT NULL`,
            differences: [changed(title, 'null', 'not null')],
          },
        ]),
    has === undefined
      ? {
          name: `${column} has a default`,
          spoil: `ALTER TABLE ${table} ALTER ${name} SET DEFAULT ${nothing}`,
          differences: [changed(title, 'no default', `default ${nothing}`)],
        }
      : {
          name: `${column} has no default`,
          spoil: `ALTER TABLE ${table} ALTER ${name} DROP DEFAULT`,
          differences: [changed(title, `default ${has}`, 'no default')],
        },
  ];
});

/** Columns on which nothing hangs: these can go, and become something else. */
const loose = Object.entries(columns).filter(
  ([column]) => !/\.(id|user_id|template_id|user_workflow_id|category|is_active)$/.test(column),
);
const looseCases = loose.flatMap(([column, state]): WorkflowCase[] => {
  const [table, name, title] = [tableOf(column), partOf(column), `column public.${column}`];
  const [type = ''] = state.split(', ');
  return [
    { name: `${column} is missing`, spoil: `ALTER TABLE ${table} DROP ${name}`, differences: [missing(title, state)] },
    {
      name: `${column} has another type`,
      spoil: `ALTER TABLE ${table} ALTER ${name} DROP DEFAULT, ALTER ${name} TYPE bytea USING NULL`,
      differences: [
        changed(
          title,
          [type, ...state.split(', ').filter((word) => word.startsWith('default'))].join(', '),
          state.includes('default') ? 'bytea, no default' : 'bytea',
        ),
      ],
    },
  ];
});

const constraintCases = Object.entries(constraints).map(([constraint, state]): WorkflowCase => {
  const name = partOf(constraint);
  const spoil = `ALTER TABLE ${tableOf(constraint)} RENAME CONSTRAINT ${name} TO other`;
  const isShared = constraint.startsWith('workflow_executions');
  const other = unexpected(`constraint public.${tableOf(constraint)}.other`, state);
  return {
    name: `${constraint} has another name`,
    spoil,
    differences: [missing(`constraint public.${constraint}`, state), ...(isShared ? [] : [other])],
  };
});

const indexCases = Object.entries(indexes).flatMap(([index, column]): WorkflowCase[] => {
  const table = index.replace(/^idx_(workflow_templates|user_workflows|workflow_executions)_.*/, '$1');
  const title = `index public.${index}`;
  return [
    { name: `${index} is missing`, spoil: `DROP INDEX ${index}`, differences: [missing(title, `btree (${column})`)] },
    {
      name: `${index} is on something else`,
      spoil: `DROP INDEX ${index}; CREATE INDEX ${index} ON ${table} USING hash (${column})`,
      differences: [changed(title, `btree (${column})`, `hash (${column})`)],
    },
  ];
});

const triggerCases = ['workflow_templates', 'user_workflows'].flatMap((table): WorkflowCase[] => {
  const [name, title] = [`update_${table}_updated_at`, `trigger public.${table}.update_${table}_updated_at`];
  const state = `BEFORE UPDATE ON public.${table} FOR EACH ROW EXECUTE FUNCTION public.update_updated_at_column()`;
  return [
    { name: `${name} is missing`, spoil: `DROP TRIGGER ${name} ON ${table}`, differences: [missing(title, state)] },
    {
      name: `${name} is disabled`,
      spoil: `ALTER TABLE ${table} DISABLE TRIGGER ${name}`,
      differences: [changed(title, state, `${state} DISABLED`)],
    },
  ];
});

const touch = 'function public.update_updated_at_column()';
export const workflowCases: readonly WorkflowCase[] = [
  ...columnCases,
  ...looseCases,
  ...constraintCases,
  ...indexCases,
  ...triggerCases,
  {
    name: 'the function does something else',
    spoil: `CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
    differences: [
      changed(touch, 'body BEGIN NEW.updated_at = CURRENT_TIMESTAMP; RETURN NEW; END;', 'body BEGIN RETURN NEW; END'),
    ],
  },
  {
    name: 'the function runs as its owner',
    spoil: 'ALTER FUNCTION update_updated_at_column() SECURITY DEFINER',
    differences: [changed(touch, 'no security definer', 'security definer')],
  },
  {
    name: 'the function is gone, with its triggers',
    spoil: 'DROP FUNCTION update_updated_at_column() CASCADE',
    differences: [
      missing(
        touch,
        'returns trigger, language plpgsql, body BEGIN NEW.updated_at = CURRENT_TIMESTAMP; RETURN NEW; END;',
      ),
      ...['workflow_templates', 'user_workflows'].map((table) =>
        missing(
          `trigger public.${table}.update_${table}_updated_at`,
          `BEFORE UPDATE ON public.${table} FOR EACH ROW EXECUTE FUNCTION public.update_updated_at_column()`,
        ),
      ),
    ],
  },
  {
    name: 'the constraints are not valid',
    spoil: `ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check;
      ALTER TABLE workflow_executions ADD CONSTRAINT workflow_executions_source_check ${sourceCheck} NOT VALID`,
    differences: [
      changed(
        'constraint public.workflow_executions.workflow_executions_source_check',
        sourceCheck,
        `${sourceCheck} NOT VALID`,
      ),
    ],
  },
  {
    name: 'a table of ours has a column more',
    spoil: 'ALTER TABLE user_workflows ADD extra integer',
    differences: [unexpected('column public.user_workflows.extra', 'integer')],
  },
  {
    name: 'a table of ours has an index more',
    spoil: 'CREATE INDEX extra ON user_workflows (name)',
    differences: [unexpected('index public.extra', 'btree (name)')],
  },
];
