import { expect, test } from 'vitest';
import { plainRole } from '../support/plain-role.js';
import { write } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { report, stateOf, words } from './report.js';

/** A project, and a database to which all of it is applied. */
async function applied(names: readonly string[]) {
  const [root, database] = [smallProject(names), await testDatabase({ base: false })];
  await report('up', { root, url: database.url });
  return { root, database };
}

test('the framework creates it, with its columns and no others', async () => {
  const { database } = await applied(['a']);
  const columns = `SELECT string_agg(attname, ' ' ORDER BY attnum) AS columns FROM pg_attribute
    WHERE attrelid = 'public.pgmigrations'::regclass AND attnum > 0`;
  expect(await database.query(columns)).toEqual([{ columns: 'id name run_on' }]);
  expect(await database.query('SELECT name FROM pgmigrations')).toEqual([{ name: '0001_a' }]);
});

test('it is where the settings say, and quoted', async () => {
  const settings = { 'migrations-table': 'My rows', 'migrations-schema': 'Other' };
  const root = smallProject(['a', 'b'], { '.node-pg-migraterc.json': settings });
  const { url, query } = await testDatabase({ base: false });
  await query('CREATE SCHEMA "Other"');
  for (const line of ['up', 'redo 2', 'check', 'down 1'])
    expect((await report(line, { root, url })).error).toBe(null);
  expect(await query('SELECT name FROM "Other"."My rows"')).toEqual([{ name: '0001_a' }]);
});

test('somebody may change it: further columns, constraints and indexes, rows twice', async () => {
  const { root, database } = await applied(['a', 'b']);
  const { url, query } = database;
  await query(`ALTER TABLE pgmigrations ADD effect_hash text DEFAULT 'x', ALTER name TYPE text, ADD UNIQUE (id, name);
    CREATE INDEX ON pgmigrations (run_on);
    INSERT INTO pgmigrations (name, run_on) SELECT name, run_on FROM pgmigrations`);
  for (const line of ['check --strict', 'redo', 'down 2', 'up'])
    expect((await report(line, { root, url })).error).toBe(null);
});

const add = (name: string) => `INSERT INTO pgmigrations (name, run_on) VALUES ('${name}', now())`;

/** Where `a`, `b` and `c` are applied: the migrations of the project, what somebody did, the code, and what is named. */
const contradictions: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['a b', '', 'row-without-file', ['0003_c']],
  ['a renamed c', '', 'row-without-file', ['0002_b']],
  ['a b c', add('0009_x'), 'row-without-file', ['0009_x']],
  ['late a b c', '', 'row-without-file', ['0001_a', '0002_b', '0003_c']],
  ['a b c', `DELETE FROM pgmigrations WHERE id = 1`, 'out-of-order', ['0001_a.ts', '0003_c']],
  ['a b c', `DELETE FROM pgmigrations WHERE id < 3`, 'out-of-order', ['0001_a.ts', '0002_b.ts']],
  ['a b c', 'ALTER TABLE pgmigrations RENAME name TO filename', 'foreign-table', ['name']],
  ['a b c', 'ALTER TABLE pgmigrations DROP run_on', 'foreign-table', ['run_on']],
];

test('every command refuses rows that contradict the files, and writes nothing', async () => {
  const { database } = await applied(['a', 'b', 'c']);
  const { url, query } = database;
  for (const [files, change, code, names] of contradictions) {
    const root = smallProject(words(files));
    await query(`CREATE TABLE kept AS SELECT * FROM pgmigrations; ${change}`);
    const before = await stateOf(database);
    for (const command of ['up', 'down', 'redo', 'check', 'status', 'plan']) {
      const { outcome, exitCode, error } = await report(command, { root, url });
      const found = [files, change, command, outcome, exitCode, error?.code];
      expect(found).toEqual([files, change, command, 'usage', 2, code]);
      for (const name of names) expect(error?.message).toContain(name);
    }
    expect(await stateOf(database)).toEqual(before);
    await query('DROP TABLE pgmigrations; ALTER TABLE kept RENAME TO pgmigrations');
  }
});

test('an effect that was edited after it was applied is a difference; other white space is none', async () => {
  const { root, database } = await applied(['a', 'b']);
  const { url } = database;
  const rewrite = (text: string) => write(root, { 'migrations/schema/0001_a.json': text });
  rewrite('{"public.a":\n{"column id":"integer NULL",\t"table":""}}');
  expect(await report('check', { root, url })).toMatchObject({ outcome: 'matches' });
  rewrite('{"public.a":{"table":"","column id":"bigint NULL"}}');
  const difference = {
    object: 'column public.a.id',
    expected: 'bigint NULL',
    found: 'integer NULL',
  };
  for (const line of ['check', 'status', 'up'])
    expect(await report(line, { root, url })).toMatchObject({
      exitCode: 6,
      differences: [difference],
    });
});

test('it may be closed to the role, in itself, by its schema, or by row security, which is said', async () => {
  const { root, database } = await applied(['a']);
  const { name, url } = await plainRole(database);
  for (const [change, remedy] of [
    [`REVOKE ALL ON SCHEMA public FROM PUBLIC`, 'GRANT USAGE ON SCHEMA public'],
    [`GRANT USAGE ON SCHEMA public TO ${name}`, 'GRANT SELECT ON'],
    [
      `GRANT ALL ON pgmigrations TO ${name}; ALTER TABLE pgmigrations ENABLE ROW LEVEL SECURITY`,
      'BYPASSRLS',
    ],
  ] as const) {
    await database.query(change);
    for (const command of ['check', 'status', 'plan', 'up', 'down']) {
      const { exitCode, error } = await report(command, { root, url });
      expect([command, exitCode, error?.code]).toEqual([command, 3, 'problems']);
      expect(error?.hint).toContain(remedy);
    }
  }
});

test('what is reverted is the last by its file, whatever the time zones say', async () => {
  const { database } = await applied([]);
  const root = smallProject(['a', 'b', 'c']);
  const { url, name, query } = database;
  const zones = ['Pacific/Kiritimati', 'UTC', 'Pacific/Pago_Pago'];
  for (const zone of zones) {
    await query(`ALTER DATABASE ${name} SET timezone = '${zone}'`);
    await report('up 1', { root, url });
  }
  await query(`UPDATE pgmigrations SET run_on = run_on - id * interval '1 day'`);
  const names = (done: readonly { name: string }[]) => done.map((one) => one.name).join();
  expect(names((await report('down', { root, url })).reverted)).toBe('0003_c');
  const redo = await report('redo 2', { root, url });
  expect([names(redo.reverted), names(redo.applied)]).toEqual(['0002_b,0001_a', '0001_a,0002_b']);
});
