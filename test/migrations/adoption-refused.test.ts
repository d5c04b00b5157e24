import { expect, test } from 'vitest';
import { plainRole } from '../support/plain-role.js';
import { testDatabase } from '../support/test-database.js';
import { expectAdopted, expectRefused } from './adoption.js';
import { claim, legacyDatabases, legacyFiles, runLegacy } from './legacy.js';

/** States that `up` refuses: it names what differs, and changes nothing. */

const legacyDatabase = legacyDatabases();
const workflows = 'public.user_workflows';

/** Values would have to change, or the shape may be intended: nothing is changed, and each difference is named. */
const differing: Record<string, { change: string; objects: readonly string[] }> = {
  'template_id of executions as uuid': {
    change: `DELETE FROM workflow_executions WHERE template_id IS NOT NULL;
      ALTER TABLE workflow_executions ALTER template_id TYPE uuid USING NULL`,
    objects: ['changed column public.workflow_executions.template_id: uuid NULL'],
  },
  'template_id as uuid': {
    change: `ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_template_id_fkey,
      ALTER template_id TYPE uuid USING '00000000-0000-4000-8000-000000000009'`,
    objects: [`changed column ${workflows}.template_id: uuid NULL`],
  },
  'the link of executions as text': {
    change: `ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey,
      ALTER user_workflow_id TYPE varchar(255)`,
    objects: [
      'changed column public.workflow_executions.user_workflow_id: character varying(255) NULL',
    ],
  },
  'columns of other types, lengths and nullability, and an index on another column': {
    change: `ALTER TABLE workflow_templates ALTER created_at TYPE timestamptz, ALTER goal TYPE varchar(255);
      ALTER TABLE user_workflows ALTER execution_count TYPE bigint, ALTER name TYPE varchar(300),
        ALTER definition DROP NOT NULL, ALTER is_active SET NOT NULL;
      DROP INDEX idx_user_workflows_category; CREATE INDEX idx_user_workflows_category ON user_workflows (name)`,
    objects: [
      'changed column public.workflow_templates.created_at: timestamp with time zone NULL DEFAULT CURRENT_TIMESTAMP',
      'changed column public.workflow_templates.goal: character varying(255) NULL',
      `changed column ${workflows}.definition: jsonb NULL`,
      `changed column ${workflows}.execution_count: bigint NULL DEFAULT 0`,
      `changed column ${workflows}.is_active: boolean NOT NULL DEFAULT true`,
      `changed column ${workflows}.name: character varying(300) NOT NULL`,
      'changed index public.idx_user_workflows_category: USING btree (name)',
    ],
  },
  'a primary key of another name': {
    change: 'ALTER TABLE user_workflows RENAME CONSTRAINT user_workflows_pkey TO user_workflows_pk',
    objects: [`missing constraint ${workflows}.user_workflows_pkey: null`],
  },
  'an unlogged table': {
    change: `DELETE FROM workflow_executions WHERE user_workflow_id IS NOT NULL;
      ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey;
      ALTER TABLE user_workflows SET UNLOGGED`,
    objects: [`changed table ${workflows}: UNLOGGED`],
  },
  'a generated column': {
    change: `ALTER TABLE workflow_templates DROP COLUMN usage_count,
      ADD COLUMN usage_count integer GENERATED ALWAYS AS (1) STORED`,
    objects: [
      'changed column public.workflow_templates.usage_count: integer NULL GENERATED ALWAYS AS (1) STORED',
    ],
  },
  'a view in the place of a table': {
    change: `ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_user_workflow_id_fkey;
      ALTER TABLE user_workflows RENAME TO workflows; CREATE VIEW user_workflows AS SELECT * FROM workflows`,
    objects: [`changed table ${workflows}: view`],
  },
  'row security, which hides rows': {
    change: 'ALTER TABLE user_workflows ENABLE ROW LEVEL SECURITY',
    objects: [`unexpected row security ${workflows}: ENABLE ROW LEVEL SECURITY`],
  },
};

test.for(Object.entries(differing))('refuses %s', async ([, { change, objects }]) => {
  const { differences } = await expectRefused(await legacyDatabase(change), 6);
  const failing = differences.filter(({ object }) => !object.endsWith('.user_workflows_pk'));
  const found = failing.map((one) => `${one.kind} ${one.object}: ${one.found}`);
  expect(found.map((line) => line.replace(/: view .*/s, ': view')).sort()).toEqual(
    [...objects].sort(),
  );
});

test('refuses a required column that is missing from a table with rows', async () => {
  const database = await legacyDatabase('ALTER TABLE user_workflows DROP COLUMN definition');
  const { error } = await expectRefused(database, 5);
  expect(error?.sqlstate).toBe('23502');
  expect(error?.message).toContain('"definition"');
});

test.for<[string, string, readonly string[]]>([
  [
    'an empty database, whatever the legacy ledger claims',
    'DROP SCHEMA public CASCADE; CREATE SCHEMA public',
    ['table public.users', 'table public.workflow_executions'],
  ],
  [
    'half a base schema, with another key and another type',
    `DROP TABLE workflow_executions;
     ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE, ALTER id DROP DEFAULT, ALTER id TYPE varchar(36)`,
    [
      'column public.users.id',
      'constraint public.users.users_pkey',
      'table public.workflow_executions',
    ],
  ],
  [
    'the database of something else',
    `DROP TABLE users, workflow_executions CASCADE; CREATE TABLE users (id bigint PRIMARY KEY, login text);
     CREATE TABLE user_workflows (user_id bigint REFERENCES users, flow text); INSERT INTO users VALUES (1, 'ada');
     CREATE VIEW workflow_executions AS SELECT id FROM users`,
    ['column public.users.id', 'workflow_executions'],
  ],
])(
  'refuses %s: the prerequisites are missing, and all are named at once',
  async ([, change, objects]) => {
    const database = await testDatabase();
    await database.query(change);
    if (change.startsWith('DROP SCHEMA')) {
      await runLegacy(database, [legacyFiles[0]]);
      await claim(database, legacyFiles);
    }
    const { error } = await expectRefused(database, 3);
    for (const object of objects) expect(error?.message).toContain(object);
    expect(error?.hint).toContain('base schema');
  },
);

test('lists all privileges that a role lacks; with them it adopts tables that stay their owner’s', async () => {
  const tables = ['users', 'workflow_templates', 'user_workflows', 'workflow_executions'];
  const database = await legacyDatabase();
  const [owner, deployer] = [await plainRole(database), await plainRole(database)];
  const owned = [...tables.map((name) => `TABLE ${name}`), 'FUNCTION update_updated_at_column()'];
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${owner.name}, ${deployer.name};
    ${owned.map((object) => `ALTER ${object} OWNER TO ${owner.name};`).join('\n')}`);
  const { error } = await expectRefused(database, 3, deployer);
  for (const object of [...tables, 'update_updated_at_column()'])
    expect(error?.message).toContain(`public.${object}`);
  const statements = error?.hint.match(/GRANT .*;/g) ?? [];
  expect(statements).toContain(`GRANT ${owner.name} TO ${deployer.name};`);
  await database.query(statements.join('\n'));
  await expectAdopted(database, deployer);
  const owners = `SELECT DISTINCT pg_get_userbyid(relowner) AS name FROM pg_class WHERE relname = ANY ($1)`;
  expect(await database.query(owners, [tables])).toEqual([{ name: owner.name }]);
});
