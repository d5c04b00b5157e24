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
/** The oldest, whose words differ most, or the newest. */
const sampled = others.filter((each) => each === (major() === 14 ? installedMajor() : 14));

describe.for(testAll ? others : sampled)('with effects written here, on PostgreSQL %i', (other) => {
  const oldest = Math.min(other, major());
  const server = startEmbedded({ major: other, settings: { fsync: 'off' } });
  server.catch(() => undefined);
  afterAll(async () => {
    await (await server).stop();
  });

  /** Migrates a database of the other server with the effects that `snapshot` has written on this one. */
  const onBoth = async (cases: readonly Case[], restored: boolean) =>
    await withMigrated(migrationOf(cases), async (here, root) => {
      const there = await makeDatabase((await server).url);
      try {
        if (restored) await restore(here.url, there);
        else
          expect(await call(['up', '--strict'], { url: there.url, root })).toMatchObject({
            code: 0,
          });
        const quiet = await differencesIn(there, root);
        for (const change of inSchemas(cases, (one) => one.change)) await there.query(change);
        return { quiet, found: await differencesIn(there, root) };
      } finally {
        await there.drop();
      }
    });

  test('nothing differs in a copy that pg_dump and psql brought from here', async () => {
    // An older server does not read all that a newer one writes.
    if (other > major()) expect((await onBoth(definitions(oldest), true)).quiet).toEqual([]);
  });

  test('definitions in other words are no difference, and the same changes are detected', async () => {
    const cases = allCases(oldest).filter((one) => !isAlone(one));
    const { quiet, found } = await onBoth([...cases, ...definitions(oldest)], false);
    expect(quiet).toEqual([]);
    const undetected = cases.filter((_, index) => inPublic(found, index).length === 0);
    expect(undetected).toEqual([]);
  });
});
