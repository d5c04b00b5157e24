import { expect, test } from 'vitest';
import { report, words } from '../support/call.ts';
import { plainRole } from '../support/plain-role.ts';
import { creates, setUp, stateOf, testProject, write } from '../support/project.ts';

/** Creates a project, and a database to which all its migrations are applied. */
async function applied(...names: readonly string[]) {
  const project = await setUp(creates(...names));
  await project.run('up');
  return project;
}

test('the framework creates the migrations table, with its own columns and no others', async () => {
  const { query } = await applied('a');
  const row = { id: 1, name: '0001_a', run_on: expect.any(Date) as Date };
  expect(await query('SELECT * FROM public.pgmigrations')).toEqual([row]);
});

test('the migrations table has the name and schema of the settings, even if they need quotes', async () => {
  const settings = { 'migrations-table': 'My rows', 'migrations-schema': 'Other' };
  const { run, query } = await setUp({ ...creates('a', 'b'), '.node-pg-migraterc.json': settings });
  await query('CREATE SCHEMA "Other"');
  for (const line of ['up', 'redo 2', 'check', 'down 1'])
    expect((await run(line)).error).toBe(null);
  expect(await query('SELECT name FROM "Other"."My rows"')).toEqual([{ name: '0001_a' }]);
});

test('the migrations table may have more columns, constraints, indexes, and a migration twice', async () => {
  const { run, query } = await applied('a', 'b');
  await query(`CREATE INDEX ON pgmigrations (run_on);
    ALTER TABLE pgmigrations ADD effect_hash text DEFAULT 'x', ALTER name TYPE text, ADD UNIQUE (id, name);
    INSERT INTO pgmigrations (name, run_on) SELECT name, run_on FROM pgmigrations`);
  for (const line of ['check --strict', 'redo', 'down 2', 'up', 'down'])
    expect((await run(line)).error).toBe(null);
  await query(`SELECT setval('pgmigrations_id_seq', min(id), false) FROM pgmigrations`);
  expect((await run('up')).error?.hint).toContain(`('"public"."pgmigrations"', 'id')`);
  await query('ALTER TABLE pgmigrations RENAME TO t; CREATE VIEW pgmigrations AS SELECT * FROM t');
  expect(await run('check')).toMatchObject({ exitCode: 2, error: { code: 'foreign-table' } });
});

test('reading the migrations table runs no function of a view or a cast in its place', async () => {
  const { run, query } = await applied('a');
  await query(`CREATE TYPE moment AS ENUM ('now');
    CREATE FUNCTION trap(moment) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'the trap ran'; END $$;
    CREATE CAST (moment AS text) WITH FUNCTION trap(moment);
    ALTER TABLE pgmigrations ALTER run_on TYPE moment USING 'now'`);
  expect(await run('status')).toMatchObject({ migrations: [{ appliedOn: 'now' }] });
  // A view has no system columns, but may have columns with their names.
  await query(`ALTER TABLE pgmigrations RENAME TO t; CREATE VIEW pgmigrations
    AS SELECT id, name, run_on, trap('now') AS ctid, trap('now') AS tableoid FROM t`);
  expect(await run('check')).toMatchObject({ exitCode: 2, error: { code: 'foreign-table' } });
});

const add = (name: string) => `INSERT INTO pgmigrations (name, run_on) VALUES ('${name}', now())`;

/** With `a`, `b`, `c` applied: files of a project, a change, and the code and texts of the failure. */
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

test('every command refuses a migrations table that contradicts the files, and writes nothing', async () => {
  const { url, query, database } = await applied('a', 'b', 'c');
  for (const [files, change, code, names] of contradictions) {
    const root = testProject(creates(...words(files)));
    await query(`CREATE TABLE kept AS SELECT * FROM pgmigrations; ${change}`);
    const before = await stateOf(database);
    for (const command of ['up', 'down', 'redo', 'check', 'status', 'plan']) {
      const { error } = await report(command, { root, url });
      expect([files, change, command, error?.code]).toEqual([files, change, command, code]);
      for (const name of names) expect(error?.message).toContain(name);
    }
    expect(await stateOf(database)).toEqual(before);
    await query('DROP TABLE pgmigrations; ALTER TABLE kept RENAME TO pgmigrations');
  }
});

test('an effect that was edited after it was applied is a difference, other white space is not', async () => {
  const { root, run } = await applied('a', 'b');
  const rewrite = (text: string) => write(root, { 'migrations/schema/0001_a.json': text });
  rewrite('{"public.a":\n{"column id":"integer NULL",\t"table":""}}');
  expect(await run('check')).toMatchObject({ outcome: 'matches' });
  rewrite('{"public.a":{"table":"","column id":"bigint NULL"}}');
  const wrong = { object: 'column public.a.id', expected: 'bigint NULL', found: 'integer NULL' };
  for (const line of ['check', 'status', 'up'])
    expect(await run(line)).toMatchObject({ exitCode: 6, differences: [wrong] });
});

test('if the role may not read the migrations table, the hint says what it lacks', async () => {
  const { root, database } = await applied('a');
  const { name, url } = await plainRole(database);
  const hide = 'ALTER TABLE pgmigrations ENABLE ROW LEVEL SECURITY';
  for (const [change, remedy] of [
    [`REVOKE ALL ON SCHEMA public FROM PUBLIC`, 'GRANT USAGE ON SCHEMA public'],
    [`GRANT USAGE ON SCHEMA public TO ${name}`, 'GRANT SELECT ON'],
    [`GRANT ALL ON pgmigrations TO ${name}; ${hide}`, 'BYPASSRLS'],
  ] as const) {
    await database.query(change);
    for (const command of ['check', 'status', 'plan', 'up', 'down']) {
      const { error } = await report(command, { root, url });
      expect([command, error?.code]).toEqual([command, 'problems']);
      expect(error?.hint).toContain(remedy);
    }
  }
});

test('down reverts migrations in the order of the files, whatever the time zone of run_on', async () => {
  const { run, query, database } = await setUp(creates('a', 'b', 'c'));
  for (const zone of ['Pacific/Kiritimati', 'UTC', 'Pacific/Pago_Pago']) {
    await query(`ALTER DATABASE ${database.name} SET timezone = '${zone}'`);
    await run('up 1');
  }
  await query(`UPDATE pgmigrations SET run_on = run_on - id * interval '1 day'`);
  const names = (done: readonly { name: string }[]) => done.map((one) => one.name).join();
  expect(names((await run('down')).reverted)).toBe('0003_c');
  const redo = await run('redo 2');
  expect([names(redo.reverted), names(redo.applied)]).toEqual(['0002_b,0001_a', '0001_a,0002_b']);
});
