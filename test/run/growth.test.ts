import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migration, testProject, type Files } from '../support/project.js';
import { counts, listen, type Sent } from './statements.js';
import { testDatabase } from '../support/test-database.js';

/** What is sent is what a run costs through a slow link: the numbers here are pinned, so that they cannot creep. */

async function sentBy(argv: readonly string[], options: Parameters<typeof call>[1]): Promise<Sent> {
  const sent = listen();
  expect(await call(argv, options)).toMatchObject({ code: 0, stderr: '' });
  return sent;
}

/** Without a migrations table a look is refused, and taken again without it. */
const FIRST_LOOK = 2;

const total = (numbers: Record<string, number>): number =>
  Object.values(numbers).reduce((sum, number) => sum + number, 0);

describe('this project', () => {
  test.each(['up', 'check', 'status'])('%s with nothing to do: one connection, one round trip', async (command) => {
    const { url } = await testDatabase();
    await call(['up'], { url });
    const sent = await sentBy([command], { url });
    expect({ connections: total(sent.connections), queries: total(counts(sent)) }).toEqual({
      connections: 1,
      queries: 1,
    });
  });

  test('a check before the first migration: one more, since there is no migrations table', async () => {
    const { url } = await testDatabase();
    expect(total(counts(await sentBy(['check'], { url })))).toBe(FIRST_LOOK);
  });

  test('fresh: two connections; the steps of the migrations, and these round trips around them', async () => {
    const { url } = await testDatabase();
    const sent = await sentBy(['up'], { url });
    const steps = (sent.queries['run'] ?? []).filter(
      (sql) => /^\s*(CREATE|ALTER|DROP|DO) /.test(sql) && !sql.startsWith('CREATE TABLE "public"."pgmigrations"'),
    );
    expect(sent.connections).toEqual({ lock: 1, run: 1 });
    expect({ ...counts(sent), steps: steps.length }).toEqual({
      steps: 40,
      // The look; three transactions, begun and ended; what the framework asks and makes before the first migration;
      // three checks; two rows of migrations outside a transaction, since the others go with the last step; what 0005
      // asks before its step, and whether that has written anything.
      run: 40 + 1 + 3 * 2 + 3 + 3 + 2 + 1 + 1,
      // The look, the lock, whether it is still held (before each of seven commits), and letting go.
      lock: FIRST_LOOK + 1 + 7 + 1,
    });
  });
});

/** A project of small migrations, each of which makes a table and has its effect written down. */
function small(count: number): Files {
  const files: Record<string, string | object> = {};
  for (let number = 1; number <= count; number++) {
    const name = `${String(number).padStart(4, '0')}_t`;
    files[`migrations/${name}.js`] = migration(
      `pgm.createTable('t${number}', { id: 'integer' });`,
      `pgm.dropTable('t${number}');`,
    );
    files[`migrations/schema/${name}.json`] = {
      tables: { [`public.t${number}`]: { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
    };
  }
  return files;
}

describe('a project of small migrations', () => {
  test('each one more costs its own statement, which takes the row of the migrations table along', async () => {
    const runs = [1, 2, 12].map(async (count) => {
      const { url } = await testDatabase({ base: false });
      return { url, root: testProject(small(count)) };
    });
    const totals: number[] = [];
    for (const options of await Promise.all(runs)) totals.push(counts(await sentBy(['up'], options))['run'] ?? NaN);
    const [one = NaN, two = NaN, twelve = NaN] = totals;
    expect({ second: two - one, eleven: twelve - one }).toEqual({ second: 1, eleven: 11 });
  });

  test('the same sent for nothing to do and for a check, with 1 and with 100 migrations', async () => {
    for (const count of [1, 100]) {
      const options = { url: (await testDatabase({ base: false })).url, root: testProject(small(count)) };
      await call(['up'], options);
      expect(total(counts(await sentBy(['up'], options)))).toBe(1);
      expect(total(counts(await sentBy(['check'], options)))).toBe(1);
    }
  });

  test('down: each one more costs its own statement; all rows are counted at once', async () => {
    const options = { url: (await testDatabase({ base: false })).url, root: testProject(small(12)) };
    await call(['up'], options);
    const one = counts(await sentBy(['down'], options))['run'] ?? NaN;
    const ten = counts(await sentBy(['down', '10'], options))['run'] ?? NaN;
    expect(ten - one).toBe(9);
  });
});
