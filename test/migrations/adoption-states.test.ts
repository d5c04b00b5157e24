import { expect, test } from 'vitest';
import { expectAdopted, fill } from './adoption.js';
import { claim, legacyFiles, legacySql, runLegacy, statementsOf } from './legacy.js';
import { testDatabase } from '../support/test-database.js';

const [ledger, templates, workflows] = legacyFiles;

test('nothing yet', async () => {
  await expectAdopted(await testDatabase({ rows: true }));
});

test('the legacy ledger only', async () => {
  const database = await testDatabase({ rows: true });
  await runLegacy(database, [ledger]);
  await expectAdopted(database);
});

test('009 alone', async () => {
  const database = await testDatabase({ rows: true });
  await runLegacy(database, [templates]);
  await fill(database);
  await expectAdopted(database);
});

test('all by hand, without a ledger', async () => {
  const database = await testDatabase({ rows: true });
  await runLegacy(database, [templates, workflows]);
  await fill(database);
  await expectAdopted(database);
  expect(await database.query("SELECT to_regclass('migrations') AS ledger")).toEqual([{ ledger: null }]);
});

test('all, recorded in the legacy ledger, which is left as it is', async () => {
  const database = await testDatabase({ rows: true });
  await runLegacy(database);
  await fill(database);
  await expectAdopted(database);
  expect(await database.query('SELECT filename FROM migrations ORDER BY id')).toEqual(
    legacyFiles.map((filename) => ({ filename })),
  );
});

test('a legacy ledger that claims what is not there', async () => {
  const database = await testDatabase({ rows: true });
  await runLegacy(database, [ledger]);
  await claim(database, legacyFiles);
  await expectAdopted(database);
});

test('a legacy ledger with other columns than assumed', async () => {
  const database = await testDatabase({ rows: true });
  await runLegacy(database, [templates, workflows]);
  await database.query('CREATE TABLE migrations (version bigint, dirty boolean)');
  await fill(database);
  await expectAdopted(database);
});

test('the files in the order of their numbers, by the runner that goes on after a failed statement', async () => {
  const database = await testDatabase({ rows: true });
  const { failed } = await runLegacy(database, [...legacyFiles].sort(), 'statements');
  expect(failed).toEqual([{ file: workflows, sqlstate: '42P01' }]);
  await fill(database);
  await expectAdopted(database);
});

const statements = statementsOf(legacySql(workflows));
const dropsNotNull = statements.findIndex((statement) => statement.includes('DROP NOT NULL')) + 1;

test('004 is taken apart into its statements', () => {
  expect(statements).toHaveLength(13);
  expect(statements.filter((statement) => !/^(CREATE|DROP|ALTER|DO) [^]*;$/.test(statement))).toEqual([]);
  expect(dropsNotNull).toBe(10);
});

test.each(statements.map((_, index) => index + 1))(
  `004 stopped after statement %i of ${statements.length}`,
  async (after) => {
    const database = await testDatabase({ rows: true });
    await runLegacy(database, [ledger, templates]);
    for (const statement of statements.slice(0, after)) await database.query(statement);
    await fill(database);
    expect(await database.query('SELECT FROM workflow_executions')).toHaveLength(after < dropsNotNull ? 3 : 4);
    await expectAdopted(database);
  },
);
