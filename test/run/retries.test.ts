import { expect, test } from 'vitest';
import { testDatabase } from '../support/test-database.js';
import { start } from './workflows.js';
import { testAll } from '../support/everything.js';

/** Node warns of listeners that are left behind: of more than ten on one signal. */
test.each([
  ...(testAll ? [['attempts', '--lock-timeout=50ms']] : []),
  ['statements that are over before their watch is connected', '--lock-timeout=1ms --retries=0'],
])('a run of many %s leaves no listener behind', async (_, options) => {
  const database = await testDatabase({ rows: true });
  const session = await database.connect();
  await session.query('BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE');
  const { code, stderr } = await start(['up', ...options.split(' ')], { url: database.url })
    .finished;
  expect(code).toBe(4);
  expect(stderr).not.toContain('MaxListeners');
});
