import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import type { Database } from '../support/database.js';
import { rowsOf } from '../support/eventually.js';
import { hasPsql, psql } from '../support/psql.js';
import { testDatabase } from '../support/test-database.js';

/** What is compared: what pg_dump says, and the migrations table but for the times in it. */
const stateOf = async (database: Database) => ({
  schema: await database.dump(),
  ledger: await database.query('SELECT id, name, effect_hash FROM pgmigrations ORDER BY id'),
});

/** A run, and the same run planned; `applied` is how many migrations the database has before. */
const runs = [
  { applied: 0, run: 'up', plan: 'plan' },
  { applied: 0, run: 'up 1', plan: 'plan up 1' },
  { applied: 0, run: 'up 0003', plan: 'up 0003 --dry-run' },
  { applied: 2, run: 'up', plan: 'plan up' },
  { applied: 3, run: 'up 0004_validate-workflow-executions', plan: 'plan 0004_validate-workflow-executions' },
  { applied: 5, run: 'down', plan: 'plan down' },
  { applied: 5, run: 'down 3', plan: 'plan down 3' },
  { applied: 4, run: 'down 0001', plan: 'down 0001 --dry-run' },
  { applied: 3, run: 'down 9', plan: 'plan down 9' },
  { applied: 5, run: 'redo', plan: 'redo --dry-run' },
  { applied: 4, run: 'redo 3', plan: 'redo 3 --dry-run' },
] as const;

const words = (line: string) => line.split(' ');

describe.skipIf(!hasPsql)('psql makes of a plan what the run makes', () => {
  test.for(runs)('$plan, with $applied applied', async ({ applied, run, plan }) => {
    const [ran, planned] = [await testDatabase({ rows: true }), await testDatabase({ rows: true })];
    for (const { url } of [ran, planned]) {
      // The migrations table has to be there: a database without one is the case of its own below.
      if (applied > 0) expect(await call(['up', String(applied)], { url })).toMatchObject({ code: 0 });
    }
    expect(await call(words(run), { url: ran.url })).toMatchObject({ code: 0 });

    const rows = await rowsOf(planned);
    const script = await call(words(plan), { url: planned.url });
    expect(script).toMatchObject({ code: 0, stderr: '' });
    expect(await psql(planned.url, script.stdout)).toMatchObject({ code: 0, stderr: '' });

    expect(await stateOf(planned)).toEqual(await stateOf(ran));
    expect(await rowsOf(planned)).toEqual(rows);
    expect(await call(['check', '--strict'], { url: planned.url })).toMatchObject({ code: 0 });
  });

  test('with the migrations table of the framework, which lacks the column of the hash', async () => {
    const framework = `CREATE TABLE pgmigrations (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)`;
    const [ran, planned] = [await testDatabase(), await testDatabase()];
    for (const { query } of [ran, planned]) await query(framework);
    expect(await call(['up'], { url: ran.url })).toMatchObject({ code: 0 });
    const { stdout } = await call(['plan'], { url: planned.url });
    expect(await psql(planned.url, stdout)).toMatchObject({ code: 0, stderr: '' });
    expect(await stateOf(planned)).toEqual(await stateOf(ran));
  });

  test('run a second time, it stops at the first thing that is there already', async () => {
    const database = await testDatabase();
    const { stdout } = await call(['plan'], { url: database.url });
    expect(await psql(database.url, stdout)).toMatchObject({ code: 0 });
    const before = await stateOf(database);
    const again = await psql(database.url, stdout);
    expect(again.code).toBe(3);
    expect(again.stderr).toContain('relation "pgmigrations" already exists');
    expect(await stateOf(database)).toEqual(before);
  });

  test('while a run is at work, it stops', async () => {
    const database = await testDatabase();
    const { stdout } = await call(['plan'], { url: database.url });
    await (await database.connect()).query('SELECT pg_advisory_lock(7241865325823964)');
    const before = await database.dump();
    const refused = await psql(database.url, stdout);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('another run holds the run lock');
    expect(await database.dump()).toBe(before);
  });
});

test('a dry run in any command is the plan of it', async () => {
  const { url } = await testDatabase();
  const planned = async (line: string) => (await call(words(line), { url })).stdout;
  expect(await planned('up --dry-run')).toBe(await planned('plan'));
  expect(await planned('up 2 --dry-run')).toBe(await planned('plan up 2'));
  await call(['up'], { url });
  expect(await planned('down 2 --dry-run')).toBe(await planned('plan down 2'));
  expect(await planned('up --dry-run')).toMatch(
    /^-- What would run on database \w+ at [\w.]+:\d+, now at 0005_index-workflow-executions.\n.*\n-- Nothing to do.\n$/,
  );
});

test('the timeouts of the plan are those that were asked for', async () => {
  const { url } = await testDatabase();
  const { stdout } = await call(['plan', '--lock-timeout=7s', '--statement-timeout=9min'], { url });
  const transactions = stdout.split(/^BEGIN ISOLATION/m).slice(1);
  expect(transactions).toHaveLength(2);
  for (const transaction of transactions)
    expect(transaction).toContain("SET LOCAL lock_timeout = '7s';\nSET LOCAL statement_timeout = '9min';");
});
