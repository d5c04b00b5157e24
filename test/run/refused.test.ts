import { expect, test } from 'vitest';
import { call, type JsonReport } from '../support/call.js';
import type { Database } from '../support/database.js';
import { migration, type Files } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

/** What pg_dump says; but a sequence never goes back, whatever is rolled back (manual, 9.17). */
const dumpOf = async (database: Database): Promise<string> =>
  (await database.dump({ rows: true })).replace(/^SELECT pg_catalog.setval.*$/m, '');

/** Runs a project with migrations `0001_a`, `0002_b` and these files; nothing may have changed. */
async function refused(files: Files, argv: readonly string[], applied: string | null): Promise<JsonReport> {
  const [root, database] = [smallProject(['a', 'b'], files), await testDatabase({ base: false })];
  const { url } = database;
  if (applied !== null) expect((await call(['up', applied], { url, root })).code).toBe(0);
  const before = await dumpOf(database);
  const report = (await call([...argv, '--json'], { url, root })).json();
  expect(await dumpOf(database)).toBe(before);
  expect(report).toMatchObject({ applied: [], reverted: [], version: applied });
  return report;
}

const b = (up: string, down: string): Files => ({ 'migrations/0002_b.ts': migration(up, down) });
const make = `pgm.createTable('b', { id: 'integer' });`;
const drop = `pgm.dropTable('b');`;
const missing = { kind: 'missing', object: 'table public.a', expected: 'table', found: null };

test('an up that does not do what its effect says takes the migrations before it along', async () => {
  const { outcome, exitCode, differences, error } = await refused(
    b(`pgm.createTable('b', { id: 'bigint', more: 'text' });`, drop),
    ['up'],
    null,
  );
  expect([outcome, exitCode]).toEqual(['differs', 6]);
  expect(differences.filter(({ kind }) => kind === 'changed')).toEqual([
    { kind: 'changed', object: 'column public.b.id', expected: 'integer', found: 'bigint' },
  ]);
  expect(error?.message).toBe(`the schema is not what migration 0002_b leaves behind (1 difference); nothing was changed

  changed  column  public.b.id  expected integer  found bigint`);
});

test('an up that removes what another migration made', async () => {
  const { exitCode, differences } = await refused(b(`${make} pgm.dropTable('a');`, drop), ['up'], '0001_a');
  expect([exitCode, differences]).toEqual([6, [missing]]);
});

test('an up that does nothing', async () => {
  const { exitCode, differences } = await refused(b('', ''), ['up'], '0001_a');
  expect([exitCode, differences]).toEqual([6, [{ ...missing, object: 'table public.b' }]]);
});

test('a down that leaves something behind', async () => {
  const { exitCode, differences, error } = await refused(b(make, ''), ['down'], '0002_b');
  expect([exitCode, differences[0]]).toEqual([
    6,
    { kind: 'unexpected', object: 'table public.b', expected: null, found: 'table' },
  ]);
  expect(error?.message).toMatch(
    /^the schema is not what migration 0002_b leaves behind when it is reverted \(\d diff/,
  );
});

test('a down that removes too much', async () => {
  const { exitCode, differences } = await refused(b(make, `${drop} pgm.dropTable('a');`), ['down'], '0002_b');
  expect([exitCode, differences]).toEqual([6, [missing]]);
});

test('a migration that fails midway', async () => {
  const failing = `${make} pgm.sql('INSERT INTO b SELECT 1 / (n - 1) FROM generate_series(1, 2) n');`;
  const { outcome, exitCode, error } = await refused(b(failing, drop), ['up'], null);
  expect([outcome, exitCode, error?.code, error?.sqlstate]).toEqual(['failed', 5, 'migration-failed', '22012']);
  expect(error?.message).toBe(`migrations/0002_b.ts failed: division by zero (SQLSTATE 22012)
in:
  INSERT INTO b SELECT 1 / (n - 1) FROM generate_series(1, 2) n;`);
});

test('a migration that throws', async () => {
  const { exitCode, error } = await refused(b(`${make} throw new Error('not today');`, drop), ['up'], null);
  expect([exitCode, error?.message]).toEqual([5, 'migrations/0002_b.ts failed: not today']);
});

test('a down that fails midway', async () => {
  const { exitCode, error } = await refused(b(make, `${drop} ${drop}`), ['down', '2'], '0002_b');
  expect([exitCode, error?.sqlstate]).toEqual([5, '42P01']);
});

test('a migration that swallows an error of a statement: the error is told all the same', async () => {
  const swallowing = {
    'migrations/0002_b.ts': `export async function up(pgm) {
      ${make}
      await pgm.db.query('SELECT * FROM nowhere').catch(() => undefined);
    }
    export const down = false;`,
  };
  const { exitCode, error } = await refused(swallowing, ['up'], null);
  expect([exitCode, error?.sqlstate]).toEqual([5, '42P01']);
  expect(error?.message).toContain('relation "nowhere" does not exist');
});
