import { describe, expect, test } from 'vitest';
import { creates, merged, setUp, sqlStep, step, table } from '../support/project.ts';

const MAKE = 'CREATE TABLE a (id integer)';

describe('the reported cause of a failed migration is', () => {
  test('the first error, if the migration ignores it', async () => {
    const up = `await pgm.db.query('SELECT * FROM nowhere').catch(() => undefined); pgm.sql('${MAKE}');`;
    const { run } = await setUp(step('0001_a', table('a', 'id'), up));
    const { exitCode, error } = await run('up');
    expect([exitCode, error?.sqlstate]).toEqual([5, '42P01']);
    expect(error?.message).toContain('relation "nowhere" does not exist');
  });

  const rollbacks = ['ROLLBACK TO s', 'ROLLBACK WORK TO s', 'ROLLBACK TRANSACTION TO s'];
  test.for(rollbacks)('not an error before %s', async (rollback) => {
    const swallow = `await pgm.db.query('SAVEPOINT s');
      try { await pgm.db.query('SELECT 1/0'); } catch { await pgm.db.query('${rollback}'); }`;
    const thrown = `${swallow} throw new Error('mine');`;
    const throwing = await setUp(step('0001_a', table('a', 'id'), thrown));
    const { exitCode, error } = await throwing.run('up');
    expect([exitCode, error?.message]).toEqual([5, expect.not.stringContaining('1/0')]);
    expect(error?.message).toContain('mine');
    const other = `${swallow} pgm.sql('CREATE TABLE a (id bigint)');`;
    const { run } = await setUp(step('0001_a', table('a', 'id'), other));
    const differences = [{ object: 'column public.a.id' }];
    expect(await run('up')).toMatchObject({ exitCode: 6, differences });
  });

  test('a lock error, even if the migration has frozen it', async () => {
    const lock = `await pgm.db.query("DO $$ BEGIN RAISE lock_not_available; END $$")`;
    const up = `${lock}.catch((error) => { throw Object.freeze(error); });`;
    const { run } = await setUp(step('0001_a', {}, up));
    const { exitCode, error } = await run('up --retries=1');
    expect([exitCode, error?.sqlstate]).toEqual([4, '55P03']);
    expect(error?.message).toMatch(/2 attempts: lock_not_available, in migrations\/0001_a\.ts$/);
  });

  test('the migration, if it cannot reach another server', async () => {
    const up = `await fetch('http://127.0.0.1:2').catch((error) => { throw error.cause; });`;
    const { run } = await setUp(step('0001_a', {}, up));
    const { exitCode, error } = await run('up');
    expect([exitCode, error?.code]).toEqual([5, 'migration-failed']);
    expect(error?.message).toContain('0001_a.ts failed: connect ECONNREFUSED');
  });

  test('shown, if it is far down in the SQL of a migration', async () => {
    const lines = Array.from({ length: 40 }, (_, line) => `SELECT ${line + 1};`);
    const { run } = await setUp(sqlStep('0001_a', {}, [...lines, 'SELECT nothing;'].join('\n')));
    const { error } = await run('up');
    expect(error?.message).toMatch(/in the statement:\n {2}…\n {2}SELECT 33;\n.*SELECT nothing;$/s);
  });

  const deferred = `CREATE TABLE p (id integer PRIMARY KEY);
    CREATE TABLE child (id integer REFERENCES p DEFERRABLE INITIALLY DEFERRED)`;
  const orphan = (name: string) => sqlStep(name, {}, 'INSERT INTO child VALUES (7)');
  const analyze = step('0002_b', {}, `pgm.noTransaction(); pgm.sql('ANALYZE p');`);
  test.for([
    ['the last migration', { ...creates('a'), ...orphan('0002_b') }, '0002_b.ts'],
    ['the COMMIT before noTransaction()', { ...orphan('0001_a'), ...analyze }, '0001_a.ts'],
  ] as const)('%s, if the transaction fails at its end', async ([, files, file]) => {
    const { run } = await setUp(files, deferred);
    const { exitCode, error } = await run('up');
    expect([exitCode, error?.sqlstate]).toEqual([5, '23503']);
    expect(error?.message).toContain(`migrations/${file} failed: `);
    const isCommit = file === '0001_a.ts';
    expect(error?.message.endsWith('in the statement:\n  COMMIT')).toBe(isCommit);
  });

  const create = (type: string) => `CREATE OR REPLACE FUNCTION public.f()
 RETURNS ${type}\n LANGUAGE sql\nAS $function$SELECT '1'$function$`;
  const procedure = `CREATE OR REPLACE PROCEDURE public.f()\n LANGUAGE sql\nAS $procedure$SELECT '1'$procedure$`;
  const f = sqlStep('0001_f', { 'function public.f()': create('text') }, create('text'));
  const unless = (sql: string) =>
    `DO $$ BEGIN ${sql}; EXCEPTION WHEN duplicate_object THEN END $$;`;
  const mood = sqlStep(
    '0001_mood',
    { 'type public.mood': "AS ENUM ('a', 'b')" },
    `${unless(`CREATE TYPE mood AS ENUM ('a', 'b')`)} SELECT 'b'::mood`,
  );
  const trgm = sqlStep(
    '0001_trgm',
    { 'extension pg_trgm': 'SCHEMA public' },
    `CREATE EXTENSION IF NOT EXISTS pg_trgm; SELECT similarity('a', 'b')`,
  );
  const elsewhere = 'CREATE SCHEMA s; CREATE EXTENSION pg_trgm SCHEMA s';
  test.for([
    ['column public.a.id', creates('a'), 'CREATE TABLE a (id text)', 'text NULL'],
    ['type public.mood', mood, "CREATE TYPE mood AS ENUM ('a')", "AS ENUM ('a')"],
    ['extension pg_trgm', trgm, elsewhere, 'SCHEMA s'],
    ['function public.f()', f, create('varchar'), create('character varying')], // It cannot be replaced.
    ['function public.f()', f, procedure, procedure],
  ] as const)('what was there before the run: %s', async ([object, files, base, found]) => {
    const { run } = await setUp(files, base);
    const differences = [{ kind: 'changed', object, found }];
    const error = { code: 'in-the-way' };
    expect(await run('up')).toMatchObject({ exitCode: 6, error, differences });
  });

  test.for([
    ['22007', 'ALTER TABLE a ALTER id TYPE date USING id::text::date'],
    ['42P01', 'ALTER TABLE a ALTER id TYPE bigint; UPDATE nothing SET id = 1'],
    ['23514', 'ALTER TABLE a ADD CHECK (id > 1)'],
  ] as const)('not what an earlier migration created: %s, %s', async ([sqlstate, up]) => {
    const effect = { 'public.a': { 'column id': 'date NULL' } };
    const { run, database } = await setUp({ ...creates('a'), ...sqlStep('0002_b', effect, up) });
    await run('up 1');
    await database.query('INSERT INTO a VALUES (1)');
    const error = { code: 'migration-failed', sqlstate };
    const failed = { outcome: 'failed', exitCode: 5, differences: [], error };
    expect(await run('up')).toMatchObject(failed);
  });

  test('not what an earlier migration has removed or changed, if it was there before the run', async () => {
    const make = 'CREATE TABLE IF NOT EXISTS a (id integer, x integer, y integer)';
    const alter = 'ALTER TABLE a DROP IF EXISTS x, ALTER y TYPE text';
    const change = { 'public.a': { 'column x': null, 'column y': 'text NULL' } };
    const steps = [
      sqlStep('0001_a', table('a', 'id', 'x', 'y'), make),
      sqlStep('0002_b', change, alter),
    ];
    const { run } = await setUp(merged([...steps, sqlStep('0003_c', {}, `SELECT 'x'::int`)]), make);
    const error = { code: 'migration-failed', sqlstate: '22P02' };
    expect(await run('up')).toMatchObject({ exitCode: 5, differences: [], error });
  });

  test('not what a later migration creates', async () => {
    const fails = sqlStep('0001_a', {}, 'SELECT 1/0');
    const { run } = await setUp(
      { ...fails, ...step('0002_b', table('b', 'id'), '') },
      'CREATE TABLE b (id text)',
    );
    const error = { code: 'migration-failed', sqlstate: '22012' };
    expect(await run('up')).toMatchObject({ exitCode: 5, differences: [], error });
  });

  test.for([
    ['55000', 'DO $$ DECLARE r record; BEGIN PERFORM r.x; END $$'],
    ['42809', 'SELECT row_number()'],
  ] as const)('not a function that was replaced: %s, %s', async ([sqlstate, sql]) => {
    const replaced = create('text').replace('1', '2');
    const { run } = await setUp({ ...f, ...sqlStep('0002_b', {}, sql) }, replaced);
    const error = { code: 'migration-failed', sqlstate };
    expect(await run('up')).toMatchObject({ exitCode: 5, differences: [], error });
  });

  const differed = 'The schema differed before this run';
  test.for([
    ['DROP TABLE b', 'drop with ifExists'],
    ['VACUUM', 'call pgm.noTransaction() first'],
  ] as const)('perhaps a difference that was there before the run: %s', async ([down, usual]) => {
    const { run, database } = await setUp(sqlStep('0001_b', table('b'), 'CREATE TABLE b ()', down));
    await run('up');
    await database.query('DROP TABLE b');
    const { exitCode, error } = await run('down');
    expect([exitCode, error?.code]).toEqual([5, 'migration-failed']);
    expect(error?.hint).toContain(usual);
    expect(error?.message).toContain(differed);
  });

  test('not a difference that the run itself has made', async () => {
    const retry = 'DO $$ BEGIN RAISE lock_not_available; END $$';
    const up = `pgm.noTransaction(); pgm.sql('DROP TABLE a'); pgm.sql('${retry}');`;
    const { run } = await setUp({ ...creates('a'), ...step('0002_b', { 'public.a': null }, up) });
    await run('up 1');
    const { exitCode, error } = await run('up');
    expect([exitCode, error?.sqlstate]).toEqual([8, '42P01']);
    expect(error?.message).not.toContain(differed);
  });
});

test.for([
  [5, 'ALTER TABLE nowhere ADD a integer'],
  [8, 'CREATE TABLE b ()', 'SELECT 1/0'],
  [8, 'DO $$ BEGIN CREATE TABLE b (); COMMIT; PERFORM 1/0; END $$'],
  [8, 'CALL make()'],
  [8, `CREATE TABLE b (n text DEFAULT E'it\\'s'); COMMIT; SELECT '1'/0`],
] as const)('exit code %i if this fails outside a transaction: %s', async ([code, ...texts]) => {
  const up = texts.map((sql) => `await pgm.db.query(${JSON.stringify(sql)});`).join(' ');
  const outside = step('0002_b', {}, `pgm.noTransaction(); ${up}`);
  const { run, tables } = await setUp(
    { ...sqlStep('0001_a', {}, 'SELECT 1'), ...outside },
    `CREATE PROCEDURE make() LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE b (); COMMIT; PERFORM 1/0; END $$`,
  );
  await run('up 1');
  const { exitCode, error } = await run('up');
  expect([exitCode, await tables()]).toEqual([code, code === 8 ? ['b'] : []]);
  const left = code === 8 ? 'outside a transaction stays' : 'Nothing was changed.';
  expect(error?.hint).toContain(left);
});

test('exit code 8 if a statement not awaited fails outside a transaction and the next succeeds', async () => {
  const up = `pgm.noTransaction(); pgm.db.query('SELECT 1/0').catch(() => {});
    await pgm.db.query('CREATE TABLE b ()'); throw new Error('failed');`;
  const { run, tables } = await setUp(step('0001_a', {}, up));
  expect([(await run('up')).exitCode, await tables()]).toEqual([8, ['b']]);
});
