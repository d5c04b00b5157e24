import { expect, test } from 'vitest';
import { call } from './support/call.js';
import { migration, testProject } from './support/project.js';
import { testDatabase } from './support/test-database.js';

test('up, check, down and up again', async () => {
  const { url } = await testDatabase({ rows: true });
  const up = await call(['up', '--json'], { url });
  expect(up.json()).toMatchObject({
    outcome: 'applied',
    exitCode: 0,
    version: '0005_index-workflow-executions',
    error: null,
  });
  expect((await call(['check', '--strict'], { url })).code).toBe(0);
  expect((await call(['down', '9', '--json'], { url })).json()).toMatchObject({ outcome: 'reverted', version: null });
  expect((await call(['up'], { url })).code).toBe(0);
});

test('a migration whose effect file is wrong is refused before it commits', async () => {
  const database = await testDatabase({ base: false });
  const folder = testProject({
    'migrations/0001_a.ts': migration(`pgm.createTable('a', { id: 'integer' });`, `pgm.dropTable('a');`),
    'migrations/schema/0001_a.json': {
      tables: { 'public.a': { kind: 'table', columns: { id: { type: 'bigint', null: true } } } },
    },
  });
  const before = await database.dump();
  const result = await call(['up', '--json'], { url: database.url, root: folder });
  expect(result.json()).toMatchObject({
    outcome: 'differs',
    exitCode: 6,
    version: null,
    differences: [{ kind: 'changed', object: 'column public.a.id', expected: 'bigint', found: 'integer' }],
  });
  expect(await database.dump()).toBe(before);
});
