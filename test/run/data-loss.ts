import { expect } from 'vitest';
import { call, type CallOptions, type JsonReport } from '../support/call.js';
import type { Database } from '../support/database.js';
import { testDatabase } from '../support/test-database.js';

/** A database with the application's rows, and all migrations applied. */
export async function migratedDatabase(): Promise<Database> {
  const database = await testDatabase({ rows: true });
  expect((await call(['up'], { url: database.url })).code).toBe(0);
  return database;
}

/** SQL that makes so many workflows. */
export const workflows = (count: number): string => `INSERT INTO user_workflows (user_id, name, definition)
  SELECT '00000000-0000-4000-8000-000000000001', 'workflow ' || n, '{}' FROM generate_series(1, ${count}) n`;

/** This run is refused with exit 7, and pg_dump says that nothing changed. Gives the error. */
export async function expectDataLoss(
  database: Database,
  argv: readonly string[],
  options: CallOptions = {},
): Promise<NonNullable<JsonReport['error']>> {
  const before = await database.dump({ rows: true });
  const report = (await call([...argv, '--json'], { url: database.url, ...options })).json();
  expect(report).toMatchObject({ outcome: 'data-loss', exitCode: 7, applied: [], reverted: [] });
  expect(await database.dump({ rows: true })).toBe(before);
  if (report.error === null) throw new Error('a refusal says why');
  return report.error;
}
