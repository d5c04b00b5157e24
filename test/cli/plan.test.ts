import { describe, expect, test } from 'vitest';
import { call, report, words } from '../support/call.ts';
import { rowsOf, schemaLines } from '../support/contents.ts';
import type { Database } from '../support/database.ts';
import { TAKE_RUN_LOCK } from '../support/eventually.ts';
import { plainRole } from '../support/plain-role.ts';
import {
  creates,
  filesIn,
  migration,
  setUp,
  stateOf,
  step,
  testProject,
} from '../support/project.ts';
import { hasPsql, psql } from '../support/psql.ts';
import { expectRefused, PASSWORD, refused } from './refused.ts';

const setUpAll = () => setUp(filesIn('cli/plan.txt'));

/** The schema and the rows: equal in two databases after a plan in one and a run in the other. */
const contentOf = async (database: Database) => [
  await schemaLines(database, ''),
  await rowsOf(database),
  await database.query('SELECT id, name FROM pgmigrations ORDER BY id'),
];

describe.skipIf(!hasPsql)('a plan in psql', () => {
  test('changes a database as a run does', async () => {
    const ran = await setUpAll();
    const planned = await setUpAll();
    const elsewhere = `${planned.url}?options=-csearch_path%3Dpg_catalog`;
    for (const [line, plan] of [
      ['up 1', 'plan up 1'],
      ['up 0003', 'plan 0003'],
      ['down', 'plan down'],
      ['up', 'plan'],
      ['redo 3', 'redo 3 --dry-run'],
      ['down 0001', 'down 0001_a --dry-run'],
      ['up 0002', 'up 0002 --dry-run'],
      ['down 9', 'plan down 9'],
      ['up', 'up --dry-run'],
    ] as const) {
      const run = await ran.run(`${line} --allow-data-loss`);
      expect([line, run.error]).toEqual([line, null]);
      const { stdout, stderr } = await planned.print(plan);
      expect([plan, stderr]).toEqual([plan, '']);
      expect(await psql(elsewhere, stdout)).toMatchObject({ code: 0, stderr: '' });
      const expected = await contentOf(ran.database);
      expect([plan, await contentOf(planned.database)]).toEqual([plan, expected]);
    }
    expect((await planned.run('check --strict')).error).toBe(null);
  });

  test('stops if a run holds the run lock, or has changed the database since', async () => {
    const { url, print, database } = await setUpAll();
    const { stdout } = await print('plan 2');
    const session = await database.connect();
    await session.query(TAKE_RUN_LOCK);
    const refused = await psql(url, stdout);
    expect(refused.stderr).toContain('another run holds the run lock');
    expect(refused.code).toBe(3);
    await session.query('SELECT pg_advisory_unlock_all()');
    expect(await psql(url, stdout)).toMatchObject({ code: 0 });
    const before = await stateOf(database);
    expect(await psql(url, stdout)).toMatchObject({ code: 3 });
    expect(await stateOf(database)).toEqual(before);
  });
});

/** The lines of a plan that say what one migration does. */
const changesOf = (script: string, title: string) =>
  new RegExp(`^-- ${title} .*\n((?:--.*\n)*)`, 'm').exec(script)?.[1]?.replaceAll(/^-- +/gm, '');

test('a plan says what each migration does: + adds, ~ changes, - removes', async () => {
  const { run, print } = await setUpAll();
  const up = (await print('plan')).stdout;
  expect(up.match(/^COMMIT;$/gm), 'one before 0003, and one at the end').toHaveLength(2);
  expect(changesOf(up, '0002_b')).toBe(`~ column public.a.id integer NOT NULL DEFAULT 7
+ table public.b
+ column public.b.id integer NULL
+ column public.b.note text NULL DEFAULT 'a\n;'::text
+ index public.by_note USING btree (note)
`);
  expect(changesOf(up, '0003_c')).toMatch(/^\+ index public\.by_id USING btree \(id\)\n/);
  expect(changesOf(up, '0004_d')).toBe('- column public.b.id\n- index public.by_note\n');
  expect((await run('up')).error).toBe(null);
  for (const line of ['plan', 'plan 0001'])
    expect((await print(line)).stdout).toContain('-- Nothing to do.');
  const down = (await print('plan down 9')).stdout;
  const revertsOf = (name: string) => changesOf(down, `revert ${name}`);
  expect(revertsOf('0004_d')).toBe(
    '+ column public.b.id integer NULL\n+ index public.by_note USING btree (note)\n',
  );
  expect(revertsOf('0002_b')).toBe('- table public.b\n~ column public.a.id integer NULL\n');
  expect(revertsOf('0001_a')).toBe('- table public.a\n');
});

test('plan, status and check only read, also for a role that may only read, and beside a run', async () => {
  const { root, run, print, query, database } = await setUpAll();
  const reader = await plainRole(database);
  await query(`REVOKE TEMPORARY ON DATABASE ${database.name} FROM PUBLIC;
    ALTER ROLE ${reader.name} SET default_transaction_read_only = on`);
  const { output, version } = await report('plan', { root, url: reader.url });
  expect([`${output ?? ''}\n`, version]).toEqual([(await print('plan')).stdout, null]);
  for (const line of ['status', 'check --strict'])
    expect(await report(line, { root, url: reader.url })).toMatchObject({ exitCode: 0, version });
  expect(await stateOf(database)).toEqual([]);
  await run('up 3');
  await query(`GRANT SELECT ON pgmigrations TO ${reader.name}`);
  const before = await stateOf(database);
  const session = await database.connect();
  await session.query(TAKE_RUN_LOCK);
  // An EXCLUSIVE lock lets only readers pass, such as the catalog functions of PostgreSQL 17 and later.
  await session.query('BEGIN; LOCK TABLE a, b, pgmigrations IN EXCLUSIVE MODE');
  for (const line of ['status', 'check', 'check --strict']) {
    const checked = await report(`${line} --lock-timeout=3s`, { root, url: reader.url });
    expect(checked).toMatchObject({ exitCode: 0, version: '0003_c' });
  }
  for (const line of ['plan', 'plan down 2', 'up --dry-run', 'redo 2 --dry-run']) {
    const argv = words(`${line} --lock-timeout=3s`);
    const plan = await call(argv, { root, url: reader.url });
    expect([line, plan]).toMatchObject([line, { code: 0, stderr: '' }]);
    expect(plan.stdout).toBe((await print(argv.join(' '))).stdout);
  }
  await session.query('ROLLBACK');
  expect(await stateOf(database)).toEqual(before);
});

test('plan refuses a migration that reads what an earlier one creates, or that writes', async () => {
  const reads = `await pgm.db.select('SELECT id FROM a'); pgm.createTable('b', { id: 'integer' });`;
  const file = 'migrations/0002_b.ts';
  const { root, url, run, print, database } = await setUp({
    ...creates('a', 'b'),
    [file]: migration(reads),
  });
  const { exitCode, error } = await refused('plan', { url, root });
  expect([exitCode, error.sqlstate]).toEqual([3, '42P01']);
  expect(`${error.message} ${error.hint}`).toMatch(/^\S+0002_b\.ts: .* npm run migrate up 1/s);
  await run('up 1');
  expect((await print('plan')).stdout).toContain('CREATE TABLE "b"');
  const before = await stateOf(database);
  const next = "SELECT nextval('pgmigrations_id_seq')";
  const hidden = ['commit', '/* now */ COMMIT', 'END', 'SELECT 1; COMMIT; CREATE TABLE x ()'];
  const others = ['LOCK TABLE a', 'SET TRANSACTION READ WRITE', 'SET LOCAL search_path = x'];
  const locks = ['SELECT pg_advisory_lock(1)', 'SELECT pg_try_advisory_xact_lock(1)'];
  const writes = ['INSERT INTO a VALUES (1)', 'CREATE TABLE x ()', next];
  for (const sql of [...writes, ...hidden, ...others, ...locks]) {
    const text = `return pgm.db.query(${JSON.stringify(sql)});`;
    const other = testProject({ ...creates('a', 'b'), [file]: migration(text) });
    await expectRefused('plan', { url, root: other }, 'plan-writes', file);
  }
  expect(await stateOf(database)).toEqual(before);
});

test('in a plan, a migration reads with the settings of a run, and fails as in a run', async () => {
  const reads = `const text = 'SELECT $1::timestamptz::text AS at';
    return pgm.db.select({ text, values: ['2024-01-01 23:30+00'] }).then(([{ at }]) => {
      pgm.sql("COMMENT ON TABLE a IS '" + at + "'"); });`;
  const { url, print, database } = await setUp({ ...creates('a'), ...step('0002_b', {}, reads) });
  await database.query(`ALTER DATABASE ${database.name} SET timezone = 'Asia/Tokyo';
    ALTER DATABASE ${database.name} SET datestyle = 'SQL, DMY'`);
  expect((await print('plan')).stdout).toContain("IS '2024-01-01 23:30:00+00'");
  const file = 'migrations/0001_a.ts';
  const thrown = migration(`throw new Error('PGPASSWORD=${PASSWORD}');`);
  const broken = testProject({ ...creates('a'), [file]: thrown });
  const failed = { exitCode: 5, error: { code: 'migration-failed' } };
  for (const line of ['plan', 'up'])
    expect(await refused(line, { url, root: broken })).toMatchObject(failed);
});
