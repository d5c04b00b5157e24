import { expect, test } from 'vitest';
import { call, report } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { schemaLines } from '../support/contents.ts';
import { testDatabase } from '../support/test-database.ts';
import { fill, lastLegacy, migrations } from './adoption.ts';

async function run(database: Database, ...argv: string[]): Promise<void> {
  const { code, stderr } = await call(argv, { url: database.url });
  expect(code, stderr).toBe(0);
}

test.for(migrations.map((name, index) => [name, index] as const))(
  '%s: down restores the earlier schema, and another up the later one',
  async ([name, index]) => {
    const database = await testDatabase({ rows: true });
    if (index > 0) await run(database, 'up', String(index));
    await fill(database);
    const before = await schemaLines(database);
    await run(database, 'up', name, '--strict');
    const after = await schemaLines(database);
    await run(database, 'down', '1', '--strict', '--allow-data-loss');
    expect(await schemaLines(database)).toEqual(before);
    await run(database, 'up', name, '--strict');
    expect(await schemaLines(database)).toEqual(after);
  },
);

test('after all downs and all ups, pg_dump prints the same schemas again', async () => {
  const database = await testDatabase({ rows: true });
  const dump = (): Promise<string> => database.dump({ without: ['pgmigrations'] });
  const nothing = await dump();
  await run(database, 'up', '--strict');
  const last = await dump();
  await run(database, 'down', String(migrations.length), '--strict');
  expect(await dump()).toBe(nothing);
  await run(database, 'up', '--strict');
  expect(await dump()).toBe(last);
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
