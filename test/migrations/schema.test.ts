import { expect, test } from 'vitest';
import { call } from '../support/call.ts';
import { schemaLines } from '../support/contents.ts';
import { textOf } from '../support/root.ts';
import { testDatabase } from '../support/test-database.ts';
import { lastLegacy } from './adoption.ts';

/** The schema that the application needs, written by hand, and not generated from the effects. */
const expected = textOf('test/migrations/schema.txt');

test('the migrations create the schema that the application needs, and change nothing else', async () => {
  const database = await testDatabase();
  const before = await schemaLines(database);
  expect((await call(['up', lastLegacy], { url: database.url })).code).toBe(0);
  const after = await schemaLines(database);
  expect(after.filter((line) => !before.includes(line)).sort()).toEqual(
    expected.trim().split('\n').sort(),
  );
  expect(before.filter((line) => !after.includes(line))).toEqual([
    'workflow_executions.template_id character varying(255) NOT NULL',
  ]);
});
