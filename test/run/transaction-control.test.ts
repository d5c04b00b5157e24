import { describe, expect, test } from 'vitest';
import { creates, createsTable, settingsFile, setUp } from '../support/project.ts';
import { sqlStep, step, table } from '../support/project.ts';

const a = creates('a');
const b = (up: string) => step('0002_b', table('b', 'id'), up);
const MAKE = 'CREATE TABLE b (id integer)';

describe('a migration that leaves the transaction of the run', () => {
  const statements = [
    'COMMIT',
    'commit;',
    '; commit;',
    'END',
    'COMMIT WORK',
    'COMMIT AND CHAIN',
    '/* now */ COMMIT',
    'COMMIT -- now',
    '-- now\nCOMMIT',
    'END TRANSACTION',
    "PREPARE TRANSACTION 'x'",
    'BEGIN',
    'ROLLBACK',
    'ABORT',
    'COMMIT; BEGIN',
    'ROLLBACK; BEGIN',
  ].map((sql) => ['pgm.sql', sql] as const);
  const itself = ['BEGIN', 'ROLLBACK', 'COMMIT'].map((sql) => ['await pgm.db.query', sql] as const);
  const title = 'with %s: %s is refused at once, and rolled back';
  test.for([...statements, ...itself])(title, async ([send, sql]) => {
    const up = `${send}('CREATE TABLE b (id bigint)'); ${send}(\`${sql}\`);`;
    const { run, tables, applied } = await setUp({ ...a, ...b(up) });
    expect(await run('up 0001')).toMatchObject({ exitCode: 0 });
    const error = { code: 'controls-transaction' };
    expect(await run('up')).toMatchObject({ exitCode: 5, version: '0001_a', error });
    expect([await tables(), await applied()]).toEqual([['a'], ['0001_a']]);
    if (send !== 'pgm.sql') return;
    for (const line of ['plan', 'snapshot'])
      expect(await run(line)).toMatchObject({ exitCode: 5, error });
  });

  test.for([
    'SELECT 1; COMMIT',
    'SELECT 1; ROLLBACK',
    'SELECT 1; COMMIT; BEGIN',
    'SELECT 1; COMMIT; SELECT 1 / 0',
    'DO $$ BEGIN COMMIT; END $$',
  ])(
    'hidden as %s is never recorded, and the hint says what may be committed',
    async (statement) => {
      const up = `pgm.sql('${MAKE}'); pgm.sql('${statement}');`;
      const { run, applied } = await setUp({ ...a, ...b(up) });
      expect(await run('up 0001')).toMatchObject({ exitCode: 0 });
      const { exitCode, version, error } = await run('up');
      // A DO block in a transaction may not COMMIT: PostgreSQL refuses it.
      expect([exitCode, version]).toEqual([statement.startsWith('DO') ? 5 : 8, '0001_a']);
      expect(error?.hint.includes('Nothing was changed')).toBe(exitCode === 5);
      expect(await applied()).toEqual(['0001_a']);
    },
  );

  test('may commit the record of an earlier migration, and the report says so', async () => {
    const { run, applied } = await setUp({ ...a, ...b(`pgm.sql('${MAKE}; COMMIT');`) });
    const state = { version: '0001_a', applied: [], pending: ['0002_b'] };
    expect(await run('up')).toMatchObject({ exitCode: 8, ...state });
    expect(await applied()).toEqual(['0001_a']);
  });

  const outside = `pgm.noTransaction(); pgm.sql('${MAKE}');`;
  test.for([
    `await pgm.db.query('SELECT 1; COMMIT; BEGIN'); ${outside}`,
    `await pgm.db.query('SELECT 1; COMMIT').catch(() => {}); ${outside}`,
    `await pgm.db.query('SELECT 1; COMMIT').catch(() => {}); await pgm.db.query('${MAKE}').catch(() => {});`,
  ])('is found before its next statement: %s', async (up) => {
    const { run, tables } = await setUp({ ...a, ...b(up) });
    const message = expect.stringContaining('0002_b') as string;
    const hint = expect.stringContaining('The database is at 0001_a.') as string;
    const error = { code: 'left-transaction', message, hint };
    expect(await run('up')).toMatchObject({ exitCode: 8, version: '0001_a', error });
    expect(await tables()).toEqual(['a']);
  });

  test.for([
    `pgm.db.query('SELECT pg_sleep(0.3); COMMIT').catch(() => {});`,
    `pgm.db.query('SELECT pg_sleep(0.3); COMMIT', () => {});`,
  ])('hidden in a statement that is not awaited is never recorded: %s', async (statement) => {
    const up = `await pgm.db.query('CREATE TABLE b (id bigint)'); ${statement}`;
    const { run, applied } = await setUp({ ...a, ...b(up) });
    expect(await run('up 0001')).toMatchObject({ exitCode: 0 });
    expect(await run('up')).toMatchObject({ exitCode: 8, error: { code: 'left-transaction' } });
    expect(await applied()).toEqual(['0001_a']);
  });
});

test('the run calls functions of pg_catalog, even if the settings put another schema first', async () => {
  const { run, applied } = await setUp(
    { ...settingsFile(['other', 'pg_catalog']), ...sqlStep('0001_a', {}, 'SELECT 1') },
    `CREATE SCHEMA other; CREATE FUNCTION other.transaction_timestamp() RETURNS timestamptz
      LANGUAGE sql AS 'SELECT clock_timestamp()'`,
  );
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await applied()).toEqual(['0001_a']);
});

describe('a migration outside a transaction', () => {
  const outside = (sql: string) => b(`pgm.noTransaction(); pgm.sql('${sql}');`);

  test('whose result is wrong is not recorded, and the migration before it stays', async () => {
    const { run, tables, applied } = await setUp({ ...a, ...outside('CREATE TABLE b (id int8)') });
    const report = await run('up');
    const state = { outcome: 'partial', exitCode: 8, version: '0001_a', pending: ['0002_b'] };
    expect(report).toMatchObject({ ...state, applied: [{ name: '0001_a' }] });
    expect(report).toMatchObject({ differences: [{ object: 'column public.b.id' }] });
    expect(report.error?.hint).toContain('the database is at 0001_a');
    expect(report.error?.hint).not.toContain('Nothing was changed');
    expect([await tables(), await applied()]).toEqual([['a', 'b'], ['0001_a']]);
    // Now its only statement fails, because the table is there: this run has changed nothing.
    expect(await run('up')).toMatchObject({ exitCode: 6, error: { code: 'in-the-way' } });
    const sql = 'CREATE TABLE IF NOT EXISTS b (id integer); ALTER TABLE a ALTER id TYPE bigint';
    const again = await setUp({ ...a, ...outside(sql) });
    for (const line of ['up', 'up']) expect((await again.run(line)).error?.code).toBe('differs');
  });

  test('that fails halfway is not recorded, and the next run repeats it', async () => {
    const { run, database } = await setUp(
      { ...a, ...outside('CREATE TABLE IF NOT EXISTS b (id integer); SELECT 1 / count(*) FROM t') },
      'CREATE TABLE t ()',
    );
    const error = { sqlstate: '22012' };
    expect(await run('up')).toMatchObject({ exitCode: 8, version: '0001_a', error });
    await database.query('ALTER TABLE t ADD id integer; INSERT INTO t VALUES (1)');
    await database.query('CREATE RULE r AS ON INSERT TO pgmigrations DO INSTEAD NOTHING');
    expect(await run('up')).toMatchObject({ exitCode: 8, error: { code: 'table-changed' } });
    await database.query('DROP RULE r ON pgmigrations');
    expect(await run('up')).toMatchObject({ exitCode: 0, version: '0002_b' });
  });
});

describe('a migration that changes the migrations table is refused', () => {
  test.for([
    "DELETE FROM pgmigrations WHERE name = '0001_a'",
    "UPDATE pgmigrations SET name = '0001_z' WHERE name = '0001_a'",
    "INSERT INTO pgmigrations (name, run_on) VALUES ('0003_c', now())",
    'TRUNCATE pgmigrations',
    "INSERT INTO pgmigrations (name, run_on) VALUES ('0002_b', now())",
    // The statement by which the framework records the migration.
    `INSERT INTO "public"."pgmigrations" (name, run_on) VALUES ('0002_b', NOW());`,
  ])('%s', async (sql) => {
    const { run, tables, applied } = await setUp({
      ...a,
      ...b(`pgm.sql('${MAKE}'); pgm.sql(\`${sql}\`);`),
      ...createsTable('0003', 'c'),
    });
    expect(await run('up 0001')).toMatchObject({ exitCode: 0 });
    const refused = { exitCode: 5, version: '0001_a', applied: [] };
    expect(await run('up 0002')).toMatchObject({ ...refused, error: { code: 'table-changed' } });
    expect([await tables(), await applied()]).toEqual([['a'], ['0001_a']]);
  });
});

describe('a statement that comes after its migration has ended is refused', () => {
  const late = `for (;;) {
      const [{ path }] = await pgm.db.select("SELECT current_setting('search_path') AS path");
      if (!path.includes('public')) break;
    }
    await pgm.db.query('ALTER TABLE public.t ADD late integer');`;
  test.for<[string, string]>([
    ['of a function that is not awaited', 'void late();'],
    ['of forEach', `['x'].forEach(late);`],
    ['of a timer', 'setTimeout(late, 0);'],
  ])('%s', async ([, call]) => {
    const up = `const late = async () => { try { ${late} } catch {} }; ${call} pgm.sql('${MAKE}');`;
    const { run, tables, database } = await setUp(b(up), 'CREATE TABLE t ()');
    expect(await run('up')).toMatchObject({ exitCode: 5, error: { code: 'late-statement' } });
    expect(await database.query("SELECT FROM pg_attribute WHERE attname = 'late'")).toEqual([]);
    expect(await tables()).toEqual(['t']);
  });

  // The statement waits while the run makes sure that it holds the run lock.
  const waits = `await pgm.db.query('${MAKE}'); void pgm.db.query('CREATE TABLE late ()').catch(() => {});
    await new Promise(setImmediate);`;
  // Dropping the temporary tables takes the server longer than the timer.
  const create = `EXECUTE 'CREATE TEMP TABLE t' || n || ' ()';`;
  const timer = `await pgm.db.query("DO $$ BEGIN FOR n IN 1..500 LOOP ${create} END LOOP; END $$");
    setTimeout(() => pgm.db.query('CREATE TABLE late ()').catch(() => {}), 1);`;
  test.for<[when: string, up: string, made: string[]]>([
    ['after the migration has failed', waits, ['b']],
    ['while the failed run cleans up', timer, []],
  ])('outside a transaction, %s', async ([, up, made]) => {
    const failing = b(`pgm.noTransaction(); ${up} throw new Error('failed');`);
    const { run, tables, applied } = await setUp(failing);
    expect(await run('up')).toMatchObject({ exitCode: 8, error: { code: 'migration-failed' } });
    expect([await tables(), await applied()]).toEqual([made, []]);
  });
});
