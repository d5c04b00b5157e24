import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migration, testProject, write } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';

test.each([
  [
    'a value that does not fit another type',
    `pgm.sql('ALTER TABLE a ALTER v TYPE integer USING v::integer')`,
    'integer',
    '22P02',
  ],
  ['a statement beside it', `pgm.sql('ALTER TABLE a ALTER v TYPE text; UPDATE nothing SET v = 1')`, 'text', '42P01'],
])('what fails in changing what the project made itself is a failed migration: %s', async (_, up, type, sqlstate) => {
  const column = (to: string) => ({ tables: { 'public.a': { columns: { v: { type: to, null: true } } } } });
  const root = testProject({
    'migrations/0001_a.ts': migration(
      `pgm.sql("CREATE TABLE a (v varchar(9)); INSERT INTO a VALUES ('x')");`,
      `pgm.dropTable('a');`,
    ),
    'migrations/schema/0001_a.json': {
      tables: { 'public.a': { kind: 'table', ...column('character varying(9)').tables['public.a'] } },
    },
  });
  const { url } = await testDatabase({ base: false });
  expect((await call(['up'], { url, root })).code).toBe(0);
  write(root, { 'migrations/0002_b.ts': migration(up, ''), 'migrations/schema/0002_b.json': column(type) });
  const { error, ...report } = (await call(['up', '--json'], { url, root })).json();
  expect(report).toMatchObject({ outcome: 'failed', exitCode: 5, differences: [] });
  expect(error).toMatchObject({ code: 'migration-failed', sqlstate });
});

test('a materialized view that is made without rows is refreshed some day: no difference', async () => {
  const root = testProject({
    'migrations/0001_m.ts': migration(
      `pgm.sql('CREATE MATERIALIZED VIEW m AS SELECT 1 AS a WITH NO DATA');`,
      `pgm.sql('DROP MATERIALIZED VIEW m');`,
    ),
    'migrations/schema/0001_m.json': {},
  });
  const { url, query } = await testDatabase({ base: false });
  for (const command of ['snapshot', 'up']) expect((await call([command], { url, root })).code).toBe(0);
  await query('REFRESH MATERIALIZED VIEW m');
  expect((await call(['check', '--strict'], { url, root })).code).toBe(0);
  await query('REFRESH MATERIALIZED VIEW m WITH NO DATA');
  expect((await call(['check', '--strict'], { url, root })).code).toBe(0);
});
