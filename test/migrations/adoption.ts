import { beforeAll, expect } from 'vitest';
import { call, report, type JsonReport } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { rowsOf, schemaLines } from '../support/contents.ts';
import { migrations } from '../support/migrations.ts';
import { textOf } from '../support/root.ts';
import { createDatabase, testDatabase } from '../support/test-database.ts';
import { runLegacy } from './legacy.ts';

/** The last of the migrations that replace the legacy files. Later ones may change the schema further. */
export const lastLegacy = '0005_index-workflow-executions';

/** Adds rows to those tables of the migrations that exist, and an execution of a user's workflow. */
export const fill = ({ query }: Database) => query(textOf('test/migrations/workflow-rows.sql'));

/**
 * Expects that `up` without options brings this database to the expected schema: the check agrees, a second
 * run finds nothing to do, and each row still has its values. The check is not strict if the database has
 * something that no migration created.
 */
export async function expectAdopted(
  database: Database,
  { strict = true, url = database.url } = {},
): Promise<JsonReport> {
  const before = await rowsOf(database);
  const up = await report('up', { url });
  expect(up).toMatchObject({ error: null, outcome: 'applied', version: migrations.at(-1) });
  expect(await rowsOf(database)).toMatchObject(before);
  const check = await call(['check', ...(strict ? ['--strict'] : [])], { url });
  expect(check).toMatchObject({ code: 0, stderr: '' });
  expect((await report('up', { url })).outcome).toBe('nothing-to-do');
  return up;
}

/** Expects that `up` ends with this exit code, and has written nothing, not even the migrations table. */
export async function expectRefused(
  database: Database,
  exitCode: number,
  { url = database.url } = {},
): Promise<JsonReport> {
  const before = [await schemaLines(database, ''), await rowsOf(database)];
  const up = await report('up', { url });
  expect(up).toMatchObject({ exitCode, version: null });
  expect([await schemaLines(database, ''), await rowsOf(database)]).toEqual(before);
  return up;
}

/** Returns a function that makes a database with the legacy schema and rows, and then runs `change` in it. */
export function legacyDatabases(): (change?: string) => Promise<Database> {
  let template: Database;
  beforeAll(async () => {
    template = await createDatabase({ rows: true });
    await runLegacy(template);
    await fill(template);
    return () => template.drop();
  });
  return async (change = '') => {
    const database = await testDatabase({ template });
    if (change !== '') await database.query(change);
    return database;
  };
}
