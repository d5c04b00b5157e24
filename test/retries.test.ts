import { expect, test } from 'vitest';
import { start } from './support/migrate.js';
import { testDatabase } from './support/test-database.js';

test('a run that gives up after all its attempts says nothing of listeners, as Node does of those that are left behind', async () => {
  const database = await testDatabase({ rows: true });
  const session = await database.connect();
  await session.query('BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE');
  const { code, stderr } = await start(['up', '--lock-timeout=50ms'], { url: database.url }).finished;
  expect(code).toBe(4);
  expect(stderr).not.toContain('MaxListeners');
});
