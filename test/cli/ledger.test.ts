import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import type { Database } from '../support/database.js';
import { plainRole } from '../support/plain-role.js';
import { write } from '../support/project.js';
import { makesTable, smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

/** A project and a database to which all of it is applied. */
async function applied(names: readonly string[]): Promise<{ root: string; database: Database }> {
  const [root, database] = [smallProject(names), await testDatabase({ base: false })];
  expect((await call(['up'], { root, url: database.url })).code).toBe(0);
  return { root, database };
}

/** Every command that looks at the ledger ends with exit 2 and these words, and nothing is written. */
async function expectNamed(root: string, database: Database, code: string, message: string): Promise<void> {
  const before = await database.dump({ rows: true });
  for (const command of ['up', 'down', 'redo', 'check', 'status', 'plan']) {
    const report = (await call([command, '--json'], { root, url: database.url })).json();
    expect({ ...report, command }).toMatchObject({ command, outcome: 'usage', exitCode: 2, applied: [], reverted: [] });
    expect(report.error).toMatchObject({ code, message });
  }
  expect(await database.dump({ rows: true })).toBe(before);
}

test('rows of the migrations table without a file are named', async () => {
  const { root, database } = await applied(['a', 'b', 'c']);
  for (const name of ['0001_a', '0003_c']) rmSync(join(root, 'migrations', `${name}.ts`));
  await expectNamed(
    root,
    database,
    'ledger-without-file',
    'the migrations table public.pgmigrations has rows without a file:\n  0001_a\n  0003_c',
  );
});

test('a file that precedes an applied one, and is not applied, is named', async () => {
  const { root, database } = await applied(['a', 'b']);
  await database.query(`DELETE FROM pgmigrations WHERE name = '0001_a'`);
  await expectNamed(
    root,
    database,
    'ledger-order',
    'not applied, but before 0002_b, which is:\n  migrations/0001_a.ts',
  );
});

test('an older number that is merged late is named', async () => {
  const { root, database } = await applied(['a', 'b']);
  write(root, makesTable('0000', 'late'));
  await expectNamed(
    root,
    database,
    'ledger-order',
    'not applied, but before 0002_b, which is:\n  migrations/0000_late.ts',
  );
});

test('a row that is there twice is named', async () => {
  const { root, database } = await applied(['a', 'b']);
  await database.query(`INSERT INTO pgmigrations (name, run_on) VALUES ('0001_a', now())`);
  await expectNamed(root, database, 'ledger-twice', 'the migrations table public.pgmigrations has 0001_a twice');
});

test.each(['id integer, filename text', 'name text', 'id integer, run_on timestamp'])(
  'a table of another tool that has the name of the migrations table is named: %s',
  async (columns) => {
    const [root, database] = [smallProject(['a']), await testDatabase({ base: false })];
    await database.query(`CREATE TABLE pgmigrations (${columns})`);
    const missing = columns.includes('run_on') ? 'name' : 'run_on';
    await expectNamed(
      root,
      database,
      'ledger-foreign',
      `public.pgmigrations is no migrations table of node-pg-migrate: column m.${missing} does not exist; nothing was changed`,
    );
  },
);

test('effects edited after they were applied are named, also when their migration is edited with them', async () => {
  const { root, database } = await applied(['a', 'b', 'c']);
  const edited = { 'public.a': { kind: 'table', columns: { id: { type: 'bigint', null: true } } } };
  write(root, {
    'migrations/schema/0001_a.json': { tables: edited },
    'migrations/schema/0003_c.json': { tables: { 'public.c': { kind: 'table' } } },
  });
  const files = '\n  migrations/schema/0001_a.json\n  migrations/schema/0003_c.json';
  await expectNamed(
    root,
    database,
    'effect-edited',
    `edited after the migration was applied to this database:${files}`,
  );
  await database.query('ALTER TABLE a ALTER id TYPE bigint');
  await expectNamed(
    root,
    database,
    'effect-edited',
    `edited after the migration was applied to this database:${files}`,
  );
});

test('a reformatted effect is no edit: other white space, and keys in another order', async () => {
  const { root, database } = await applied(['a']);
  const text = '{"tables" :\n\n{"public.a": {"columns":{"id":{"null":\ttrue,"type":"integer"}},  "kind":"table"}}}';
  write(root, { 'migrations/schema/0001_a.json': text });
  const check = (await call(['check', '--json'], { root, url: database.url })).json();
  expect(check).toMatchObject({ outcome: 'matches', exitCode: 0, error: null });
  write(root, { 'migrations/schema/0001_a.json': text.replace('integer', 'smallint') });
  expect((await call(['check', '--json'], { root, url: database.url })).json().error?.code).toBe('effect-edited');
});

test('an edited effect that is not applied is an effect like any other', async () => {
  const { root, database } = await applied(['a', 'b']);
  const { url } = database;
  expect((await call(['down'], { root, url })).code).toBe(0);
  const bigint = { 'public.b': { kind: 'table', columns: { id: { type: 'bigint', null: true } } } };
  write(root, { 'migrations/schema/0002_b.json': { tables: bigint } });
  expect((await call(['up', '--json'], { root, url })).json()).toMatchObject({
    exitCode: 6,
    differences: [{ kind: 'changed', object: 'column public.b.id', expected: 'bigint', found: 'integer' }],
  });
});

test('what the framework’s own CLI applied has no record, and is compared with the effect as it is now', async () => {
  const { root, database } = await applied(['a']);
  await database.query('ALTER TABLE pgmigrations DROP COLUMN effect_hash');
  write(root, { 'migrations/schema/0001_a.json': { tables: { 'public.a': { kind: 'table', columns: {} } } } });
  const check = (await call(['check', '--strict', '--json'], { root, url: database.url })).json();
  expect(check).toMatchObject({ exitCode: 6, differences: [{ kind: 'unexpected', object: 'column public.a.id' }] });
});

test.each([
  ['itself', 'GRANT USAGE ON SCHEMA public TO', ''],
  ['by its schema', 'GRANT SELECT ON pgmigrations TO', 'GRANT USAGE ON SCHEMA public TO ROLE; '],
])('the migrations table may be closed to the role, %s, which is said', async (_, granted, remedy) => {
  const { root, database } = await applied(['a']);
  const { name: role, url } = await plainRole(database);
  await database.query(`REVOKE ALL ON SCHEMA public FROM PUBLIC; ${granted} ${role}`);
  for (const command of ['check', 'status', 'plan', 'up', 'down']) {
    const { exitCode, error } = (await call([command, '--json'], { root, url })).json();
    expect(exitCode, command).toBe(3);
    expect(error?.message).toContain(`role ${role} may not read "public"."pgmigrations"`);
    expect(error?.hint).toContain(`${remedy.replace('ROLE', role)}GRANT SELECT ON "public"."pgmigrations" TO ${role};`);
  }
});

test.each(['ENABLE', 'FORCE'])('row security that hides rows of the migrations table, %s, is said', async (word) => {
  const { root, database } = await applied(['a']);
  const { name: role, url } = await plainRole(database);
  const owner = word === 'FORCE' ? `ALTER TABLE pgmigrations OWNER TO ${role}; ALTER TABLE a OWNER TO ${role};` : '';
  await database.query(`${owner} GRANT ALL ON SCHEMA public TO ${role}; GRANT ALL ON pgmigrations TO ${role};
    ALTER TABLE pgmigrations ENABLE ROW LEVEL SECURITY, ${word} ROW LEVEL SECURITY`);
  for (const command of ['check', 'status', 'plan', 'up', 'down']) {
    const { exitCode, error } = (await call([command, '--json'], { root, url })).json();
    expect(exitCode, command).toBe(3);
    expect(error?.message).toContain(`row security hides rows of "public"."pgmigrations" from role ${role}`);
    expect(error?.hint).toContain(`ALTER ROLE ${role} BYPASSRLS;`);
  }
});

test('a session in another time zone: what is reverted is the last by the files, whatever run_on says', async () => {
  const root = smallProject(['a', 'b', 'c']);
  const database = await testDatabase({ base: false });
  const { url } = database;
  for (const [zone, name] of [
    ['Pacific/Kiritimati', '0001'],
    ['UTC', '0002'],
    ['Pacific/Pago_Pago', '0003'],
  ]) {
    await database.query(`ALTER DATABASE ${database.name} SET timezone = '${zone}'`);
    expect((await call(['up', name ?? ''], { root, url })).code).toBe(0);
  }
  const down = (await call(['down', '--json'], { root, url })).json();
  expect(down).toMatchObject({ exitCode: 0, reverted: [{ name: '0003_c' }], version: '0002_b' });
  expect((await call(['redo', '2', '--json'], { root, url })).json()).toMatchObject({
    exitCode: 0,
    reverted: [{ name: '0002_b' }, { name: '0001_a' }],
    applied: [{ name: '0001_a' }, { name: '0002_b' }],
  });
});
