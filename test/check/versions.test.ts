import { afterAll, describe, expect, test } from 'vitest';
import { installedMajor } from '../support/binaries.ts';
import { call } from '../support/call.ts';
import { makeDatabase } from '../support/database.ts';
import { startEmbedded } from '../support/embedded.ts';
import { testAll } from '../support/everything.ts';
import { allCases, definitions, major, type Case } from './cases.ts';
import {
  differencesIn,
  inPublic,
  inSchemas,
  isAlone,
  migrationOf,
  withMigrated,
} from './changes.ts';
import { restore } from './restore.ts';

const others = [14, 15, 16, 17, 18].filter((each) => each !== major());
/** The oldest version, which prints definitions most differently; if that is the one here, the newest. */
const sampled = others.filter((each) => each === (major() === 14 ? installedMajor() : 14));

describe.for(testAll ? others : sampled)('with effects written here, on PostgreSQL %i', (other) => {
  const oldest = Math.min(other, major());
  const server = startEmbedded({ major: other, settings: { fsync: 'off' } });
  server.catch(() => undefined);
  afterAll(async () => {
    await (await server).stop();
  });

  /**
   * Brings the cases to the other server, by a restore or by migrations with effects from this server. Returns the
   * differences before and after the changes of the cases.
   */
  const onBoth = async (cases: readonly Case[], restored: boolean) =>
    await withMigrated(migrationOf(cases), async (here, root) => {
      const there = await makeDatabase((await server).url);
      try {
        if (restored) await restore(here.url, there);
        else
          expect(await call(['up', '--strict'], { url: there.url, root })).toMatchObject({
            code: 0,
          });
        const before = await differencesIn(there, root);
        for (const change of inSchemas(cases, (one) => one.change)) await there.query(change);
        return { before, after: await differencesIn(there, root) };
      } finally {
        await there.drop();
      }
    });

  test('nothing differs in a copy that pg_dump and psql made of a database here', async () => {
    // An older server does not understand every dump of a newer one.
    if (other > major()) expect((await onBoth(definitions(oldest), true)).before).toEqual([]);
  });

  test('definitions that are only printed differently are no difference, but changes are', async () => {
    const cases = allCases(oldest).filter((one) => !isAlone(one));
    const { before, after } = await onBoth([...cases, ...definitions(oldest)], false);
    expect(before).toEqual([]);
    const undetected = cases.filter((_, index) => inPublic(after, index).length === 0);
    expect(undetected).toEqual([]);
  });
});
