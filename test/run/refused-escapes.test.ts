import { expect, test } from 'vitest';
import { call, type JsonReport } from '../support/call.js';
import type { Database } from '../support/database.js';
import { migration, type Files } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

/** Runs `up` of a project with migrations `0001_a`, `0002_b` and these files, on an empty database. */
async function up(files: Files, before?: string): Promise<{ report: JsonReport; database: Database }> {
  const [root, database] = [smallProject(['a', 'b'], files), await testDatabase({ base: false })];
  if (before !== undefined) expect((await call(['up', before], { url: database.url, root })).code).toBe(0);
  return { report: (await call(['up', '--json'], { url: database.url, root })).json(), database };
}

const tablesOf = async (database: Database) =>
  (
    await database.query<{ relname: string }>(`SELECT relname FROM pg_class WHERE relkind = 'r'
    AND relnamespace = 'public'::regnamespace ORDER BY 1`)
  ).map(({ relname }) => relname);
const ledgerOf = async (database: Database) =>
  (await database.query<{ name: string }>('SELECT name FROM pgmigrations ORDER BY id')).map(({ name }) => name);

const b = (text: string): Files => ({ 'migrations/0002_b.ts': migration(text, `pgm.dropTable('b');`) });
const bigint = `pgm.createTable('b', { id: 'bigint' });`;

test.each([
  'COMMIT',
  'commit;',
  'END',
  'COMMIT WORK',
  'COMMIT AND CHAIN',
  '/* now */ COMMIT',
  'COMMIT -- now',
  'END TRANSACTION',
])('a migration with the statement %s is refused, and what it did is not there', async (statement) => {
  const { report, database } = await up(b(`${bigint} pgm.sql('${statement}');`), '0001_a');
  expect(report.exitCode).toBeGreaterThan(0);
  expect(report).toMatchObject({ version: '0001_a', applied: [] });
  expect([await tablesOf(database), await ledgerOf(database)]).toEqual([['a', 'pgmigrations'], ['0001_a']]);
});

test.each(['ROLLBACK', 'ABORT', 'SELECT 1; COMMIT', 'COMMIT; BEGIN', 'SELECT 1; ROLLBACK', 'ROLLBACK; BEGIN'])(
  'a migration that leaves its transaction by %s never passes for one that did not',
  async (statement) => {
    const { report, database } = await up(b(`${bigint} pgm.sql('${statement}');`), '0001_a');
    expect(report.exitCode).toBeGreaterThan(0);
    expect(report).toMatchObject({ version: '0001_a', applied: [] });
    expect(await ledgerOf(database)).toEqual(['0001_a']);
    if (!(await tablesOf(database)).includes('b')) return;
    expect(report.exitCode).toBe(8);
    expect(report.error?.message).not.toContain('nothing was changed');
  },
);

test.each(['SELECT 1; COMMIT; BEGIN', 'SELECT 1; COMMIT; BEGIN; SELECT 1'])(
  'a migration whose schema is right, but that leaves its transaction by %s: exit 8, and it is not written down',
  async (statement) => {
    const { report, database } = await up(b(`pgm.createTable('b', { id: 'integer' }); pgm.sql('${statement}');`));
    expect(report).toMatchObject({ exitCode: 8, error: { code: 'left-transaction' } });
    expect(await ledgerOf(database)).toEqual(['0001_a']);
    expect(await tablesOf(database)).toEqual(['a', 'b', 'pgmigrations']); // Committed by the migration itself.
  },
);

test('a migration outside a transaction whose result is wrong is not written down, and the one before it stays', async () => {
  const { report, database } = await up(b(`pgm.noTransaction(); ${bigint}`));
  expect(report).toMatchObject({
    outcome: 'partial',
    exitCode: 8,
    version: '0001_a',
    applied: [{ name: '0001_a' }],
    pending: ['0002_b'],
    differences: [{ kind: 'changed', object: 'column public.b.id', expected: 'integer', found: 'bigint' }],
  });
  expect(report.error?.message).toContain('the database is at 0001_a');
  expect(await ledgerOf(database)).toEqual(['0001_a']);
});

test('the same as the first of a run: it does not say that nothing was changed', async () => {
  const { report, database } = await up(b(`pgm.noTransaction(); ${bigint}`), '0001_a');
  expect(report).toMatchObject({ version: '0001_a', applied: [], pending: ['0002_b'] });
  expect(report.exitCode).toBe(8);
  expect(report.error?.message).not.toContain('nothing was changed');
  expect([await tablesOf(database), await ledgerOf(database)]).toEqual([['a', 'b', 'pgmigrations'], ['0001_a']]);
});

test('a migration outside a transaction that fails midway is not written down, and can be run again', async () => {
  const text = (end: string) =>
    migration(`pgm.noTransaction(); pgm.createTable('b', { id: 'integer' }, { ifNotExists: true }); ${end}`, '');
  const { report, database } = await up({ 'migrations/0002_b.ts': text(`pgm.sql('SELECT 1 / 0');`) });
  expect(report).toMatchObject({ outcome: 'partial', exitCode: 8, version: '0001_a', error: { sqlstate: '22012' } });
  const again = smallProject(['a', 'b'], { 'migrations/0002_b.ts': text('') });
  expect((await call(['up', '--json'], { url: database.url, root: again })).json()).toMatchObject({
    version: '0002_b',
  });
});

test.each([
  ["DELETE FROM pgmigrations WHERE name = '0001_a'", '0001_a is not there'],
  ["UPDATE pgmigrations SET name = '0001_z' WHERE name = '0001_a'", '0001_z is there, and should not be'],
  ["INSERT INTO pgmigrations (name, run_on) VALUES ('0001_a', now())", '0001_a is there, and should not be'],
])('a migration that writes to the migrations table itself is refused: %s', async (sql, message) => {
  const { report, database } = await up(b(`pgm.createTable('b', { id: 'integer' }); pgm.sql(\`${sql}\`);`), '0001_a');
  expect(report).toMatchObject({ exitCode: 5, version: '0001_a', applied: [], error: { code: 'ledger-rewritten' } });
  expect(report.error?.message).toContain(message);
  expect([await tablesOf(database), await ledgerOf(database)]).toEqual([['a', 'pgmigrations'], ['0001_a']]);
});
