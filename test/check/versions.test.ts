import { afterAll, describe, expect, test } from 'vitest';
import { installedMajor } from '../support/binaries.ts';
import { call } from '../support/call.ts';
import { makeDatabase } from '../support/database.ts';
import { startEmbedded } from '../support/embedded.ts';
import { testAll } from '../support/test-all.ts';
import { testDatabase } from '../support/test-database.ts';
import { allCases, definitions, serverMajor, type Case } from './cases.ts';
import { differencesIn, inPublic, inSchemas } from './changes.ts';
import { migrationOf, needsOwnDatabase, withMigrated } from './changes.ts';
import { restore } from './restore.ts';

const others = [14, 15, 16, 17, 18].filter((each) => each !== serverMajor());
/** The oldest version, whose definitions differ most. If the tests run on it, the newest version. */
const sample = serverMajor() === 14 ? installedMajor : 14;

describe.for(testAll ? others : [sample])('the same effects on PostgreSQL %i', (other) => {
  const oldest = Math.min(other, serverMajor());
  const server = startEmbedded({ major: other, settings: { fsync: 'off' } });
  server.catch(() => undefined);
  afterAll(async () => {
    await (await server).stop();
  });

  /**
   * Writes effects on the server of the tests. Brings the cases to the other server by a restore or `up`.
   * Returns the differences there, before and after the changes of the cases.
   */
  const compareThere = async (cases: readonly Case[], restored: boolean) =>
    await withMigrated(migrationOf(cases), async (here, root) => {
      const there = await makeDatabase((await server).url);
      try {
        if (restored) await restore(here.url, there);
        const up = ['up', '--strict'];
        if (!restored) expect(await call(up, { url: there.url, root })).toMatchObject({ code: 0 });
        const before = await differencesIn(there, root);
        for (const change of inSchemas(cases, (one) => one.change)) await there.query(change);
        return { before, after: await differencesIn(there, root) };
      } finally {
        await there.drop();
      }
    });

  // An older server does not understand every dump of a newer one.
  test.runIf(other > serverMajor())('a dump of an older server has no differences', async () => {
    expect((await compareThere(definitions(oldest), true)).before).toEqual([]);
  });

  test('another way to print a definition is no difference, but every change is one', async () => {
    const cases = allCases(oldest).filter((one) => !needsOwnDatabase(one));
    const { before, after } = await compareThere([...cases, ...definitions(oldest)], false);
    expect(before).toEqual([]);
    const undetected = cases.filter((_, index) => inPublic(after, index).length === 0);
    expect(undetected).toEqual([]);
  });
});

test('the check finds no difference in a copy that pg_dump and psql made', async () => {
  // Cases that need a database of their own cannot be part of this one.
  const cases = [...definitions(), ...allCases().filter((one) => !needsOwnDatabase(one))];
  await withMigrated(migrationOf(cases), async (database, root) => {
    const copy = await testDatabase({ base: false });
    await restore(database.url, copy);
    expect(await differencesIn(copy, root)).toEqual([]);
  });
});
