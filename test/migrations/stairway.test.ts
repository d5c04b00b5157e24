import { expect, test } from 'vitest';
import { call, report } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { schemaLines } from '../support/contents.ts';
import { testDatabase } from '../support/test-database.ts';
import { migrations, reversible } from '../support/migrations.ts';
import { fill, lastLegacy } from './adoption.ts';

async function run(database: Database, ...argv: string[]): Promise<void> {
  const { code, stderr } = await call(argv, { url: database.url });
  expect(code, stderr).toBe(0);
}

/** With all migrations at once, `npm start` does the same, and compares the dumps of pg_dump. */
test.for(reversible)('%s: down restores the earlier schema, up the later one', async (name) => {
  const database = await testDatabase({ rows: true });
  const index = migrations.indexOf(name);
  if (index > 0) await run(database, 'up', String(index));
  await fill(database);
  const before = await schemaLines(database);
  await run(database, 'up', name, '--strict');
  const after = await schemaLines(database);
  await run(database, 'down', '1', '--strict', '--allow-data-loss');
  expect(await schemaLines(database)).toEqual(before);
  await run(database, 'up', name, '--strict');
  expect(await schemaLines(database)).toEqual(after);
});

test("the down of 0003 is refused only while there are executions of users' workflows", async () => {
  const database = await testDatabase({ rows: true });
  await run(database, 'up', lastLegacy);
  await fill(database);
  await run(database, 'down', '0003_link-workflow-executions');
  const refused = await report('down', { url: database.url });
  expect(refused).toMatchObject({ exitCode: 7, version: '0003_link-workflow-executions' });
  expect(refused.error?.message).toContain('workflow_executions');
  await database.query('DELETE FROM workflow_executions WHERE user_workflow_id IS NOT NULL');
  await run(database, 'down', '--strict');
  expect(await database.query('SELECT FROM workflow_executions')).toHaveLength(3);
});
