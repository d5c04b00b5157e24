import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { fixture, makeDatabase, type Database } from '../support/database.js';
import { startEmbedded, type EmbeddedServer } from '../support/embedded.js';
import { blockedRun, rowsOf } from '../support/eventually.js';
import { holds } from './hold.js';
import { expectChecked, expectRecovery } from './recovery.js';
import { call } from './workflows.js';
import { testAll } from '../support/everything.js';

/** A server of its own: the others' tests would not outlive this. */
let server: EmbeddedServer;
beforeAll(async () => {
  server = await startEmbedded({ settings: { fsync: 'off' } });
});
afterAll(() => server.stop());

async function beginning(argv: readonly string[]): Promise<Database> {
  const database = await makeDatabase(server.url);
  onTestFinished(() => database.drop());
  await database.query(fixture('base-schema.sql') + fixture('base-rows.sql'));
  if (argv[0] === 'down') expect((await call(['up'], { url: database.url })).code).toBe(0);
  return database;
}

describe.each([
  ['restarts', 'fast'],
  ['crashes and recovers', 'immediate'],
] as const)('the server %s', (_what, mode) => {
  test.each(holds.filter((_, index) => testAll || index % 3 === (mode === 'fast' ? 0 : 1)))(
    '%s',
    async (_, { argv, version, hold }) => {
      const database = await beginning(argv);
      const rows = await rowsOf(database);
      await hold(database);
      const run = call([...argv, '--lock-timeout=10min', '--json'], { url: database.url });
      await blockedRun(database);
      await server.control('restart', mode);
      const report = (await run).json();
      const isBegun = report.applied.length + report.reverted.length > 0;
      expect(report).toMatchObject({
        outcome: isBegun ? 'partial' : 'unavailable',
        exitCode: isBegun ? 8 : 3,
        version,
      });
      expect((await expectChecked(database)).version).toBe(version);
      await expectRecovery(database, rows);
    },
  );
});
