import { expect, test } from 'vitest';
import { call } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { testAll } from '../support/test-all.ts';
import { testDatabase } from '../support/test-database.ts';
import { expectAdopted, fill, lastLegacy } from './adoption.ts';
import { recordInLedger, legacyFiles, legacySql, runLegacy, statementsOf } from './legacy.ts';

/** Databases as the legacy runners left them: one plain `up` adopts each, and keeps its rows. */

const [ledger, templates, workflows] = legacyFiles;
const statements = statementsOf(legacySql(workflows));

const states: Record<string, (database: Database) => Promise<unknown>> = {
  'nothing yet': () => Promise.resolve(),
  'only the legacy ledger, which lists all files although none was run': async (database) => {
    await runLegacy(database, [ledger]);
    await recordInLedger(database, legacyFiles);
  },
  'only what 009 creates': (database) => runLegacy(database, [templates]),
  'all files, by hand, and a ledger with other columns': async (database) => {
    await runLegacy(database, [templates, workflows]);
    await database.query('CREATE TABLE migrations (version bigint, dirty boolean)');
  },
  'all files, recorded in the legacy ledger': (database) => runLegacy(database),
  'the files in the order of their numbers, where 004 fails': async (database) => {
    expect(await runLegacy(database, [...legacyFiles].sort())).toEqual([workflows]);
  },
  'the same files, by the runner that goes on after a failed statement': async (database) => {
    expect(await runLegacy(database, [...legacyFiles].sort(), 'statements')).toEqual([workflows]);
  },
};
for (const after of testAll ? statements.keys() : [0, 7, 10])
  states[`004 stopped after statement ${after + 1} of ${statements.length}`] = async (database) => {
    await runLegacy(database, [ledger, templates]);
    await database.query(statements.slice(0, after + 1).join('\n'));
  };

test.for(Object.entries(states))('adopts %s', async ([, prepare]) => {
  const database = await testDatabase({ rows: true });
  await prepare(database);
  await fill(database);
  await expectAdopted(database);
});

test('the migrations make the schema of the legacy files, and change nothing after those', async () => {
  const [legacy, ours] = [await testDatabase({ rows: true }), await testDatabase()];
  const withoutLedgers = { without: ['pgmigrations', 'migrations'] };
  expect(await runLegacy(legacy)).toEqual([]);
  expect((await call(['up', lastLegacy], { url: ours.url })).code).toBe(0);
  const dump = await ours.dump(withoutLedgers);
  expect(dump).toContain('CREATE TABLE public.user_workflows');
  expect(await legacy.dump(withoutLedgers)).toBe(dump);

  const before = await legacy.dump({ without: ['pgmigrations'], rows: true });
  expect((await call(['up', lastLegacy, '--strict'], { url: legacy.url })).code).toBe(0);
  expect(await legacy.dump({ without: ['pgmigrations'], rows: true })).toBe(before);
});
