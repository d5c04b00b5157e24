import { expect, test } from 'vitest';
import { expectDataLoss, migratedDatabase, workflows } from './data-loss.js';
import { call } from '../support/call.js';
import { migration, testProject } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';

test('going down with rows in the tables is refused, with the counts', async () => {
  const database = await migratedDatabase();
  await database.query(`${workflows(1204)}; INSERT INTO workflow_executions (user_workflow_id)
    SELECT id FROM user_workflows LIMIT 310`);
  const error = await expectDataLoss(database, ['down', '9']);
  expect(error).toEqual({
    code: 'data-loss',
    sqlstate: null,
    message: `this would delete data; nothing was changed:
  public.user_workflows: 1,204 rows
  public.workflow_executions: 310 rows without a value in template_id
  public.workflow_executions.user_workflow_id: 310 values`,
    hint: expect.stringContaining('--allow-data-loss') as string,
  });
});

test('one row of a table, and nothing else', async () => {
  const database = await migratedDatabase();
  await database.query(`INSERT INTO workflow_templates (id, name, steps) VALUES ('t', 'T', '[]')`);
  const { message } = await expectDataLoss(database, ['down', '5']);
  expect(message).toBe('this would delete data; nothing was changed:\n  public.workflow_templates: 1 row');
});

test('a part of the way down that removes nothing goes on, rows or not', async () => {
  const database = await migratedDatabase();
  await database.query(workflows(3));
  expect((await call(['down', '3', '--json'], { url: database.url })).json()).toMatchObject({
    outcome: 'reverted',
    version: '0002_create-user-workflows',
  });
  expect(await database.query('SELECT FROM user_workflows')).toHaveLength(3);
  await expectDataLoss(database, ['down']);
  await expectDataLoss(database, ['redo']);
});

test('with --allow-data-loss it goes on, and says what it deleted', async () => {
  const database = await migratedDatabase();
  await database.query(
    `${workflows(2)}; INSERT INTO workflow_executions (user_workflow_id) SELECT id FROM user_workflows`,
  );
  const { code, stderr } = await call(['down', '9', '--allow-data-loss'], { url: database.url });
  expect([code, stderr]).toEqual([
    0,
    `deleted, as --allow-data-loss says:
  public.user_workflows: 2 rows
  public.workflow_executions: 2 rows without a value in template_id
  public.workflow_executions.user_workflow_id: 2 values\n`,
  ]);
  expect(await database.query('SELECT template_id FROM workflow_executions')).toHaveLength(3);
});

test.each([
  [10_000, '10,000 rows'],
  [10_001, 'more than 10,000 rows'],
  [30_000, 'more than 10,000 rows'],
])('counting ends at a bound: %i rows are %s', async (count, words) => {
  const database = await migratedDatabase();
  await database.query(workflows(count));
  const { message } = await expectDataLoss(database, ['down', '4']);
  expect(message).toBe(`this would delete data; nothing was changed:\n  public.user_workflows: ${words}`);
});

test('counting reads no more rows than its bound', async () => {
  const database = await migratedDatabase();
  await database.query(workflows(30_000));
  const read = async () => {
    const sql = "SELECT seq_tup_read::int AS read FROM pg_stat_user_tables WHERE relname = 'user_workflows'";
    return (await database.query<{ read: number }>(sql))[0]?.read ?? 0;
  };
  const before = await read();
  expect((await call(['down', '4'], { url: database.url })).code).toBe(7);
  // The run's session reports what it read when it ends.
  await expect.poll(read, { timeout: 20_000 }).toBeGreaterThan(before + 10_000);
  expect((await read()) - before).toBeLessThan(10_100);
});

const upwards = {
  'migrations/0001_make.ts': migration(
    `pgm.createTable('kept', { id: 'integer', old: 'text' }); pgm.createTable('gone', { id: 'integer' });`,
    `pgm.dropTable('kept'); pgm.dropTable('gone');`,
  ),
  'migrations/schema/0001_make.json': {
    tables: {
      'public.kept': {
        kind: 'table',
        columns: { id: { type: 'integer', null: true }, old: { type: 'text', null: true } },
      },
      'public.gone': { kind: 'table', columns: { id: { type: 'integer', null: true } } },
    },
  },
  'migrations/0002_remove.ts': migration(
    `pgm.dropColumn('kept', 'old'); pgm.dropTable('gone');`,
    `pgm.addColumn('kept', { old: 'text' }); pgm.createTable('gone', { id: 'integer' });`,
  ),
  'migrations/schema/0002_remove.json': {
    tables: { 'public.kept': { columns: { old: null } }, 'public.gone': null },
  },
};

test('upwards too: a table and a column that a migration removes', async () => {
  const [database, root] = [await testDatabase({ base: false }), testProject(upwards)];
  const { url } = database;
  expect((await call(['up', '1'], { url, root })).code).toBe(0);
  await database.query(`INSERT INTO kept VALUES (1, 'a'), (2, NULL), (3, 'c'); INSERT INTO gone VALUES (1)`);
  const { message } = await expectDataLoss(database, ['up'], { root });
  expect(message).toBe(`this would delete data; nothing was changed:
  public.gone: 1 row
  public.kept.old: 2 values`);
  await database.query('DELETE FROM gone; UPDATE kept SET old = NULL');
  expect((await call(['up', '--json'], { url, root })).json()).toMatchObject({
    outcome: 'applied',
    version: '0002_remove',
  });
  expect(await database.query('SELECT * FROM kept ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});

const retyped = {
  'migrations/0001_make.ts': upwards['migrations/0001_make.ts'],
  'migrations/schema/0001_make.json': upwards['migrations/schema/0001_make.json'],
  'migrations/0002_widen.ts': migration(
    `pgm.alterColumn('kept', 'old', { type: 'varchar' });`,
    `pgm.alterColumn('kept', 'old', { type: 'text' });`,
  ),
  'migrations/schema/0002_widen.json': {
    tables: { 'public.kept': { columns: { old: { type: 'character varying' } } } },
  },
  'migrations/0003_remove.ts': migration(
    `pgm.dropColumn('kept', 'old');`,
    `pgm.addColumn('kept', { old: 'varchar' });`,
  ),
  'migrations/schema/0003_remove.json': { tables: { 'public.kept': { columns: { old: null } } } },
  'migrations/0004_again.ts': migration(`pgm.addColumn('kept', { old: 'text' });`, `pgm.dropColumn('kept', 'old');`),
  'migrations/schema/0004_again.json': {
    tables: { 'public.kept': { columns: { old: { type: 'text', null: true } } } },
  },
};

test('a column whose type goes back stays; one that was removed and made again goes', async () => {
  const [database, root] = [await testDatabase({ base: false }), testProject(retyped)];
  const { url } = database;
  expect((await call(['up', '2'], { url, root })).code).toBe(0);
  await database.query(`INSERT INTO kept VALUES (1, 'a')`);
  const { outcome, version } = (await call(['down', '--json'], { url, root })).json();
  expect([outcome, version]).toEqual(['reverted', '0001_make']);
  expect(await database.query('SELECT * FROM kept')).toEqual([{ id: 1, old: 'a' }]);
  expect((await call(['up', '--allow-data-loss'], { url, root })).code).toBe(0);
  await database.query(`UPDATE kept SET old = 'b'`);
  const { message } = await expectDataLoss(database, ['down'], { root });
  expect(message).toContain('public.kept.old: 1 value');
});
