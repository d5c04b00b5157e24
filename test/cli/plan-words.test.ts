import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migration, testProject } from '../support/project.js';
import { hasPsql, psql } from '../support/psql.js';
import { testDatabase } from '../support/test-database.js';

/** The comments of a plan from a migration's name on: what it does, in words. */
const wordsOf = (script: string, name: string) => {
  const lines = script.split('\n');
  const start = lines.findIndex((line) => line.startsWith('-- ') && line.includes(`${name} (`));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('--'));
  return lines.slice(start, end);
};

test('a migration that changes a table of somebody else', async () => {
  const { url } = await testDatabase();
  const { stdout } = await call(['plan'], { url });
  const check = `CHECK ((((template_id IS NOT NULL) AND (user_workflow_id IS NULL)) OR ((template_id IS NULL) AND (user_workflow_id IS NOT NULL))))`;
  const key = 'FOREIGN KEY (user_workflow_id) REFERENCES public.user_workflows(id) ON DELETE CASCADE';
  expect(wordsOf(stdout, '0003_link-workflow-executions')).toEqual([
    '-- 0003_link-workflow-executions (migrations/0003_link-workflow-executions.ts)',
    '--   ~ column public.workflow_executions.template_id null',
    '--   + column public.workflow_executions.user_workflow_id uuid',
    `--   + constraint public.workflow_executions.workflow_executions_source_check ${check} NOT VALID`,
    `--   + constraint public.workflow_executions.workflow_executions_user_workflow_id_fkey ${key} NOT VALID`,
  ]);
  expect(wordsOf(stdout, '0004_validate-workflow-executions')).toEqual([
    '-- 0004_validate-workflow-executions (migrations/0004_validate-workflow-executions.ts)',
    `--   ~ constraint public.workflow_executions.workflow_executions_source_check ${check}`,
    `--   ~ constraint public.workflow_executions.workflow_executions_user_workflow_id_fkey ${key}`,
  ]);
});

test('the way back', async () => {
  const { url } = await testDatabase();
  await call(['up'], { url });
  const { stdout } = await call(['plan', 'down', '5'], { url });
  expect(wordsOf(stdout, 'revert 0005_index-workflow-executions')).toEqual([
    '-- revert 0005_index-workflow-executions (migrations/0005_index-workflow-executions.ts)',
    '--   - index public.idx_workflow_executions_user_workflow_id',
  ]);
  expect(wordsOf(stdout, 'revert 0003_link-workflow-executions')).toEqual([
    '-- revert 0003_link-workflow-executions (migrations/0003_link-workflow-executions.ts)',
    '--   ~ column public.workflow_executions.template_id not null',
    '--   - column public.workflow_executions.user_workflow_id',
    '--   - constraint public.workflow_executions.workflow_executions_source_check',
    '--   - constraint public.workflow_executions.workflow_executions_user_workflow_id_fkey',
  ]);
  expect(wordsOf(stdout, 'revert 0002_create-user-workflows')).toEqual([
    '-- revert 0002_create-user-workflows (migrations/0002_create-user-workflows.ts)',
    '--   - table public.user_workflows',
  ]);
});

test('what goes on the way up, and comes on the way back', async () => {
  const { url } = await testDatabase({ base: false });
  const root = testProject({
    'migrations/0001_a.ts': migration(
      `pgm.createTable('a', { id: 'integer', note: 'text' }); pgm.createIndex('a', 'note', { name: 'by_note' });`,
      `pgm.dropTable('a');`,
    ),
    'migrations/schema/0001_a.json': {
      tables: {
        'public.a': {
          kind: 'table',
          columns: { id: { type: 'integer', null: true }, note: { type: 'text', null: true } },
          indexes: { by_note: 'btree (note)' },
        },
      },
    },
    'migrations/0002_b.ts': migration(
      `pgm.dropColumn('a', 'note'); pgm.alterColumn('a', 'id', { notNull: true, default: 7 });`,
      `pgm.addColumn('a', { note: 'text' }); pgm.createIndex('a', 'note', { name: 'by_note' });
       pgm.alterColumn('a', 'id', { notNull: false, default: null });`,
    ),
    'migrations/schema/0002_b.json': {
      tables: {
        'public.a': { columns: { id: { null: false, default: '7' }, note: null }, indexes: { by_note: null } },
      },
    },
  });
  const up = await call(['plan'], { url, root });
  expect(wordsOf(up.stdout, '0002_b')).toEqual([
    '-- 0002_b (migrations/0002_b.ts)',
    '--   ~ column public.a.id not null, default 7',
    '--   - column public.a.note',
    '--   - index public.by_note',
  ]);
  expect(await call(['up'], { url, root })).toMatchObject({ code: 0 });
  const down = await call(['plan', 'down'], { url, root });
  expect(wordsOf(down.stdout, 'revert 0002_b')).toEqual([
    '-- revert 0002_b (migrations/0002_b.ts)',
    '--   ~ column public.a.id null, no default',
    '--   + column public.a.note text',
    '--   + index public.by_note btree (note)',
  ]);
});

/** What psql would take for its own, or for the end of a statement, is in a plan what it is in the run. */
test.skipIf(!hasPsql)('SQL that psql could misread', async () => {
  const database = await testDatabase({ base: false });
  const root = testProject({
    'migrations/0001_a.ts': migration(
      `pgm.sql("CREATE TABLE a (t text) -- the table");
       pgm.sql("INSERT INTO a VALUES ('back\\\\slash \\\\d :USER :''HOST'''), ('; COMMIT;')");
       pgm.sql("INSERT INTO a SELECT $q$ \\\\quit ; $q$ /* ; */;");`,
      `pgm.dropTable('a');`,
    ),
    'migrations/schema/0001_a.json': {
      tables: { 'public.a': { kind: 'table', columns: { t: { type: 'text', null: true } } } },
    },
  });
  const { stdout } = await call(['plan'], { url: database.url, root });
  expect(await psql(database.url, stdout)).toMatchObject({ code: 0, stderr: '' });
  const planned = await database.query('SELECT t FROM a ORDER BY t');
  expect(await call(['redo'], { url: database.url, root, env: { npm_config_allow_data_loss: 'true' } })).toMatchObject({
    code: 0,
  });
  expect(planned).toEqual(await database.query('SELECT t FROM a ORDER BY t'));
});

test('down outside a transaction: the row goes first, as in a run, so that what breaks off is for the next up to mend', async () => {
  const root = testProject({
    'migrations/0001_a.ts': migration(
      `pgm.createTable('a', { id: 'int' });`,
      `pgm.noTransaction(); pgm.sql('DROP TABLE IF EXISTS a');`,
    ),
    'migrations/schema/0001_a.json': {
      tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
    },
  });
  const { url } = await testDatabase({ base: false });
  await call(['up'], { url, root });
  const { stdout } = await call(['plan', 'down'], { url, root });
  expect(stdout).toMatch(/\nDELETE FROM "public"\."pgmigrations" WHERE name='0001_a';\nDROP TABLE IF EXISTS a;\n$/);
});
