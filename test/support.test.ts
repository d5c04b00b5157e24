import { expect, inject, test } from 'vitest';
import { testDatabase } from './support/test-database.ts';

test('a test has its own database with the base schema, on a server of the printed version', async () => {
  const [one, two] = await Promise.all([testDatabase(), testDatabase({ rows: true })]);
  await one.query('DROP TABLE sessions');
  expect(await one.query('SELECT * FROM users')).toEqual([]);
  const names = [{ name: 'Ada' }, { name: 'Grace' }];
  expect(await two.query('SELECT name FROM users ORDER BY name')).toEqual(names);
  expect(await two.query('SELECT * FROM sessions')).toEqual([]);
  const [row] = await two.query<{ server_version: string }>('SHOW server_version');
  expect(row?.server_version).toContain(inject('server').version);
});

test('dumps of two databases with the same schema are equal, and have rows only on request', async () => {
  const [one, two] = await Promise.all([testDatabase(), testDatabase({ rows: true })]);
  const dump = await one.dump();
  expect(dump).toMatch(
    /^CREATE INDEX idx_workflow_executions_status ON public\.workflow_executions /m,
  );
  expect(dump).not.toMatch(/^(--|SET )/m);
  expect(await two.dump()).toBe(dump);
  expect(await two.dump({ rows: true })).toContain("'Grace'");
});
