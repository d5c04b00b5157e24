import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { JsonReport } from '../support/call.js';
import { makeDatabase, type Database } from '../support/database.js';
import { rowsOf } from '../support/eventually.js';
import { testAll } from '../support/everything.js';
import { testPooler, type Pooler } from './pgbouncer.js';
import { startProxy, type Cut } from './proxy.js';
import { expectChecked, expectRecovery } from './recovery.js';
import { createDatabase } from '../support/test-database.js';
import { call } from './workflows.js';

/**
 * In full, the run's connection is cut after every message. Otherwise after some, and after each that commits; the
 * lock's few, always after each.
 */
const isStorm = testAll;
const COMMITS = /^Q[^]{4}COMMIT\0/;
type Place = Omit<Cut, 'after'>;
const step = ({ purpose, of }: Place): number =>
  isStorm || purpose === 'lock' || of !== undefined ? 1 : 7;
const AT_ONCE = 3;

const arguments_ = { up: ['up'], down: ['down', '9', '--allow-data-loss'] } as const;
type Direction = keyof typeof arguments_;

/** Databases to begin from: before the first migration, and at the head. */
const beginnings: Partial<Record<Direction, Database>> = {};
beforeAll(async () => {
  beginnings.up = await createDatabase({ rows: true });
  beginnings.down = await createDatabase({ rows: true });
  expect((await call(['up'], { url: beginnings.down.url })).code).toBe(0);
});
afterAll(async () => {
  await beginnings.up?.drop();
  await beginnings.down?.drop();
});

const somethingIsDone = ({ applied, reverted }: JsonReport): boolean =>
  applied.length + reverted.length > 0;

/** Cuts the run after one message of one connection, looks at what is left, and recovers. Gives whether there was such a message. */
async function crashesAndRecovers(
  direction: Direction,
  place: Place,
  after: number,
  pooler?: Pooler,
): Promise<boolean> {
  const database = await makeDatabase(inject('server').url, {
    template: beginnings[direction]?.name,
  });
  const proxy = await startProxy(pooler?.through(database.url) ?? database.url, {
    ...place,
    after,
  });
  try {
    const rows = await rowsOf(database);
    const cut = await call([...arguments_[direction], '--json'], {
      url: proxy.through(database.url),
    });
    const report = cut.json();
    const check = await expectChecked(database);
    if (report.exitCode === 0)
      expect(check.outcome, 'a run that says it succeeded did').toBe('matches');
    else
      expect([report.exitCode, report.error?.message]).toEqual([
        somethingIsDone(report) ? 8 : 3,
        report.error?.message,
      ]);
    // Where the connection is lost at a COMMIT, the run cannot know whether it arrived, and says so.
    const isKnown = report.version !== null || report.pending.length > 0;
    if (isKnown && report.version !== check.version)
      expect(report.error?.hint).toContain('is unknown');
    await expectRecovery(database, rows);
    return proxy.hasCut();
  } catch (error) {
    throw new Error(
      `${direction}, ${place.purpose} cut after message ${after}: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  } finally {
    await proxy.stop();
    await database.drop();
  }
}

/** Crashes after the 1st, 2nd, … message, until there are no more. Gives how often it did. All failures are told at once. */
async function crashEverywhere(
  direction: Direction,
  place: Place,
  pooler?: Pooler,
): Promise<number> {
  let next = 1;
  let crashes = 0;
  let isOver = false;
  const failures: string[] = [];
  const worker = async () => {
    while (!isOver) {
      const after = next;
      next += step(place);
      try {
        if (await crashesAndRecovers(direction, place, after, pooler)) crashes++;
        else isOver = true;
      } catch (error) {
        failures.push((error as Error).message);
        isOver ||= failures.length > 100;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(failures.join('\n\n')).toBe('');
  return crashes;
}

const TIME = isStorm ? 1_200_000 : 300_000;
const cases = (['up', 'down'] as const).flatMap((direction) => [
  { direction, purpose: 'run', least: 30 },
  { direction, purpose: 'lock', least: 4 },
]);

// Whether it has arrived is what nobody has told the run.
test.each([
  ['up', 3],
  ['down', 1],
] as const)(
  '%s, when its run connection is cut after a message that commits',
  { timeout: TIME },
  async (direction, commits) => {
    expect(await crashEverywhere(direction, { purpose: 'run', of: COMMITS })).toBe(commits);
  },
);

describe.each(cases)(
  '$direction, when its $purpose connection is cut',
  ({ direction, purpose, least }) => {
    test('directly', { timeout: TIME }, async () => {
      const crashes = await crashEverywhere(direction, { purpose });
      console.log(
        `${direction}: the ${purpose} connection was cut at ${crashes} points, and each was recovered from.`,
      );
      if (isStorm) expect(crashes).toBeGreaterThanOrEqual(least);
    });

    test.runIf(isStorm)('through PgBouncer', { timeout: TIME }, async (context) => {
      const pooler = await testPooler(context, inject('server').url, { poolSize: 6 });
      const crashes = await crashEverywhere(direction, { purpose }, pooler);
      console.log(
        `${direction}: behind PgBouncer, the ${purpose} connection was cut at ${crashes} points, and each was recovered from.`,
      );
      expect(crashes).toBeGreaterThanOrEqual(least);
    });
  },
);
