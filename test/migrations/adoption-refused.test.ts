import { expect, test } from 'vitest';
import { expectRefused } from './adoption.js';
import { legacyDatabase } from './adoption-database.js';

type Difference = readonly [kind: string, object: string, expected: string | null, found: string | null];
const [templates, workflows] = ['public.workflow_templates', 'public.user_workflows'];
const varchar = 'character varying';

/** Shapes whose values would have to be touched, or may be meant so: nothing is changed, and the difference is named. */
const refused: Record<string, { change: string; differences: readonly Difference[] }> = {
  'template_id as uuid': {
    change: `ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_template_id_fkey,
      ALTER template_id TYPE uuid USING '00000000-0000-4000-8000-000000000009'`,
    differences: [['changed', `column ${workflows}.template_id`, `${varchar}(255)`, 'uuid']],
  },
  'a column of another length': {
    change: 'ALTER TABLE user_workflows ALTER name TYPE varchar(300)',
    differences: [['changed', `column ${workflows}.name`, `${varchar}(255)`, `${varchar}(300)`]],
  },
  'columns of other types': {
    change: `ALTER TABLE workflow_templates ALTER created_at TYPE timestamptz, ALTER goal TYPE varchar(255);
      ALTER TABLE user_workflows ALTER execution_count TYPE bigint`,
    differences: [
      ['changed', `column ${templates}.goal`, 'text', `${varchar}(255)`],
      ['changed', `column ${templates}.created_at`, 'timestamp without time zone', 'timestamp with time zone'],
      ['changed', `column ${workflows}.execution_count`, 'integer', 'bigint'],
    ],
  },
  'a required column missing from a table with rows': {
    change: 'ALTER TABLE user_workflows DROP COLUMN definition',
    differences: [['missing', `column ${workflows}.definition`, 'jsonb, not null', null]],
  },
  'the link of executions as text': {
    change: `ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey,
      ALTER user_workflow_id TYPE varchar(255)`,
    differences: [['changed', 'column public.workflow_executions.user_workflow_id', 'uuid', `${varchar}(255)`]],
  },
  'columns that may be empty, or may not': {
    change: `ALTER TABLE user_workflows ALTER name DROP NOT NULL, ALTER is_active SET NOT NULL`,
    differences: [
      ['changed', `column ${workflows}.name`, 'not null', 'null'],
      ['changed', `column ${workflows}.is_active`, 'null', 'not null'],
    ],
  },
  'a primary key of another name': {
    change: 'ALTER TABLE user_workflows RENAME CONSTRAINT user_workflows_pkey TO user_workflows_pk',
    differences: [['missing', `constraint ${workflows}.user_workflows_pkey`, 'PRIMARY KEY (id)', null]],
  },
  'a column that is generated': {
    change: `ALTER TABLE workflow_templates DROP COLUMN usage_count,
      ADD COLUMN usage_count integer GENERATED ALWAYS AS (1) STORED`,
    differences: [
      ['changed', `column ${templates}.usage_count`, 'default 0, no generated', 'no default, generated 1 stored'],
    ],
  },
  'an unlogged table': {
    change: `ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey;
      ALTER TABLE user_workflows SET UNLOGGED`,
    differences: [['changed', `table ${workflows}`, 'no persistence', 'persistence unlogged']],
  },
  'row security': {
    change: 'ALTER TABLE user_workflows ENABLE ROW LEVEL SECURITY',
    differences: [['changed', `table ${workflows}`, 'no row security', 'row security enabled']],
  },
  'an index of the right name on another column': {
    change: `DROP INDEX idx_user_workflows_category; CREATE INDEX idx_user_workflows_category ON user_workflows (name)`,
    differences: [['changed', 'index public.idx_user_workflows_category', 'btree (category)', 'btree (name)']],
  },
};

test.each(Object.entries(refused))('%s', async (_, { change, differences }) => {
  const database = await legacyDatabase(change);
  const { outcome, differences: found } = await expectRefused(database, 6);
  expect(outcome).toBe('differs');
  const failing = found.filter(({ kind }) => kind !== 'unexpected');
  expect(failing.map((one) => [one.kind, one.object, one.expected, one.found])).toEqual(differences);
});

test('a view in the place of a table is one difference', async () => {
  const database = await legacyDatabase(`
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey;
    ALTER TABLE user_workflows RENAME TO workflows; CREATE VIEW user_workflows AS SELECT * FROM workflows`);
  const { differences } = await expectRefused(database, 6);
  expect(differences.map(({ kind, object }) => [kind, object])).toEqual([['changed', `table ${workflows}`]]);
  expect(differences[0]?.expected).toMatch(/^table/);
  expect(differences[0]?.found).toMatch(/^view/);
});
