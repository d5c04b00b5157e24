import { describe, expect, test } from 'vitest';
import type { JsonReport } from '../support/call.ts';
import { creates, setUp, sqlStep, stateOf, step, table } from '../support/project.ts';

const a = creates('a');
const b = (up: string, down = 'DROP TABLE b') => sqlStep('0002_b', table('b', 'id'), up, down);
const MAKE = 'CREATE TABLE b (id integer)';

/** Why a run was rolled back: the differences, or the error of the migration. */
const reason = ({ differences, error }: JsonReport) =>
  differences.map(({ kind, object }) => `${kind} ${object}`).join() ||
  `${error?.code} ${error?.sqlstate}`;

describe('rolls everything back when', () => {
  test.for<[name: string, line: string, sql: string, exitCode: number, reason: string]>([
    ['up makes a bigint', 'up', 'CREATE TABLE b (id bigint)', 6, 'changed column public.b.id'],
    ['up drops an earlier table', 'up', `${MAKE}; DROP TABLE a`, 6, 'missing table public.a'],
    ['up does nothing', 'up', 'SELECT 1', 6, 'missing table public.b'],
    ['a statement fails', 'up', `${MAKE}; SELECT 1 / 0`, 5, 'migration-failed 22012'],
    ['down leaves something behind', 'down', 'SELECT 1', 6, 'unexpected table public.b'],
    ['down drops too much', 'down', 'DROP TABLE a, b', 6, 'missing table public.a'],
    ['a statement fails in down', 'down', 'DROP TABLE b, c', 5, 'migration-failed 42P01'],
  ])('%s', async ([, line, sql, exitCode, expected]) => {
    const isUp = line === 'up';
    const { run, database } = await setUp({ ...a, ...(isUp ? b(sql) : b(MAKE, sql)) });
    if (!isUp) await run('up');
    const before = await stateOf(database);
    const report = await run(line);
    const version = isUp ? null : '0002_b';
    expect(report).toMatchObject({ exitCode, version, applied: [], reverted: [] });
    expect(reason(report)).toBe(expected);
    expect(await stateOf(database)).toEqual(before);
  });

  test('a deferred trigger changes the schema at the end', async () => {
    const { run, tables } = await setUp(
      b(`${MAKE}; INSERT INTO t VALUES (1)`),
      deferred('ALTER TABLE b ADD late integer'),
    );
    const differences = [{ object: 'column public.b.late' }];
    for (const line of ['up --strict', 'up --strict --allow-data-loss'])
      expect([line, await run(line)]).toMatchObject([line, { exitCode: 6, differences }]);
    expect(await tables()).toEqual(['t']);
  });
});

test('a WITH HOLD cursor, which COMMIT would run to its end, is closed before the check', async () => {
  const { run, applied, database } = await setUp(
    b(`${MAKE}; CREATE TEMP TABLE c AS SELECT 1; DECLARE c1 CURSOR FOR TABLE c; FETCH c1;
      DECLARE c2 CURSOR WITH HOLD FOR SELECT late(); INSERT INTO t VALUES (1)`),
    `CREATE FUNCTION late() RETURNS integer LANGUAGE plpgsql
      AS $$ BEGIN ALTER TABLE public.b ADD late integer; RETURN 1; END $$;
      ${deferred(`EXECUTE 'DECLARE c3 CURSOR WITH HOLD FOR SELECT public.late()'`)}`,
  );
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await database.query("SELECT FROM pg_attribute WHERE attname = 'late'")).toEqual([]);
  expect(await applied()).toEqual(['0002_b']);
});

/** The body of a trigger that defers itself twice, and then does `last`. */
const again = (last: string) => `SET CONSTRAINTS ALL DEFERRED;
  IF NEW.id < 3 THEN INSERT INTO public.t VALUES (NEW.id + 1); ELSE ${last}; END IF`;

test('a trigger that defers itself again cannot change the schema after the check', async () => {
  // COMMIT ends the open savepoint, and READ ONLY with it: the trigger must fail before COMMIT.
  const up = b(`SAVEPOINT left_open; ${MAKE}; INSERT INTO t VALUES (1)`);
  const { run, tables } = await setUp(up, deferred(again('ALTER TABLE public.b ADD late integer')));
  expect(await run('up')).toMatchObject({ exitCode: 5, error: { sqlstate: '25006' } });
  expect(await tables()).toEqual(['t']);
});

test('if the server answers COMMIT with an error, nothing was changed', async () => {
  // A temporary table may be written even in a transaction that is READ ONLY.
  const make = `IF NEW.id = 1 THEN CREATE TEMP TABLE c (id integer); CREATE CONSTRAINT TRIGGER late
    AFTER INSERT ON c DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.late(); END IF;`;
  const late = `CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'too late'; END$$;`;
  const base = late + deferred(make + again('INSERT INTO c VALUES (1)'));
  const { run, tables } = await setUp(b(`${MAKE}; INSERT INTO t VALUES (1)`), base);
  const { exitCode, error } = await run('up');
  expect([exitCode, error?.message]).toEqual([5, expect.stringContaining('too late')]);
  expect(error?.hint).toContain('Nothing was changed.');
  expect(await tables()).toEqual(['t']);
});

const deferred = (sql: string) => `CREATE TABLE t (id integer);
  CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${sql}; RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER later AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION later()`;

test('a deferred trigger runs with the search_path of the migrations', async () => {
  const { run, database } = await setUp(
    b(`${MAKE}; INSERT INTO t VALUES (1)`),
    `CREATE TABLE log (id integer); ${deferred('INSERT INTO log VALUES (1)')}`,
  );
  expect(await run('up')).toMatchObject({ exitCode: 0 });
  expect(await database.query('SELECT id FROM log')).toEqual([{ id: 1 }]);
});

test('temporary tables of a deferred trigger hide neither the catalog nor types from the check', async () => {
  const effect = { 'public.a': { table: '', 'column d': 'date NULL' } };
  const up = 'CREATE TABLE a (d date); CREATE INDEX i ON a (d); INSERT INTO t VALUES (1)';
  // Other temporary tables are dropped before the check, and before the deferred triggers run.
  const hide = `CREATE TEMP TABLE pg_index (LIKE pg_catalog.pg_index); CREATE TEMP TABLE date (n integer)`;
  const { run } = await setUp(sqlStep('0001_a', effect, up), deferred(hide));
  const differences = [{ kind: 'unexpected', object: 'index public.i' }];
  expect(await run('up --strict')).toMatchObject({ exitCode: 6, differences });
});

test('a migration that releases all advisory locks does not release the run lock', async () => {
  const { run } = await setUp(
    b(`${MAKE}; SELECT pg_advisory_unlock_all();
    DO $$ BEGIN ASSERT EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
      WHERE locktype = 'advisory' AND granted AND datname = current_database()); END $$`),
  );
  expect(await run('up')).toMatchObject({ exitCode: 0 });
});

test('statements that are not awaited run in their order, before the check', async () => {
  const outside = `pgm.noTransaction(); void pgm.db.query('${MAKE}');
    void pgm.db.query('ALTER TABLE b ADD c integer');`;
  const { run, applied } = await setUp(step('0002_b', table('b', 'id'), outside));
  const differences = [{ object: 'column public.b.c' }];
  expect(await run('up --strict')).toMatchObject({ exitCode: 8, differences });
  expect(await applied()).toEqual([]);
});

test('a late statement is named as the cause of a difference', async () => {
  const up = `const late = async () => { for (;;) await pgm.db.query('SELECT 1'); };
    late().catch(() => {}); pgm.sql('${MAKE}');`;
  const { run, tables } = await setUp(step('0002_b', table('b', 'id', 'missing'), up));
  expect(await run('up')).toMatchObject({ exitCode: 5, error: { code: 'late-statement' } });
  expect(await tables()).toEqual([]);
});
