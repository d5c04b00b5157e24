import { expect, test } from 'vitest';
import { plainRole } from '../support/plain-role.ts';
import { settingsFile, setUp, sqlStep } from '../support/project.ts';
import { readCases } from './cases.ts';

/** The preflight must not refuse what PostgreSQL allows. The last two tests are the opposite: refusals. */

test.for(readCases('preflight-allows.txt'))('allows %s', async ([, { base: sql, files }]) => {
  const { run, database } = await setUp({ ...settingsFile(['public'], 'ours'), ...files });
  const { name, url } = await plainRole(database);
  await database.query(
    `CREATE SCHEMA ours AUTHORIZATION ${name}; ${sql.replaceAll('ROLE_NAME', name)}`,
  );
  expect(await run('up', url)).toMatchObject({ exitCode: 0, error: null });
});

test('allows up, down and redo of a renamed column that a view and a key of another role use', async () => {
  const before = {
    'public.t': { 'column id': 'integer NOT NULL' },
    'public.v': { view: 'SELECT id FROM public.t' },
    'public.o': { 'constraint k': 'FOREIGN KEY (id) REFERENCES public.t(id)' },
  };
  const effect = {
    'public.t': { 'column id': null, 'column uid': 'integer NOT NULL' },
    'public.v': { view: 'SELECT uid AS id FROM public.t' },
    'public.o': { 'constraint k': 'FOREIGN KEY (id) REFERENCES public.t(uid)' },
  };
  const [up, down] = ['ALTER TABLE t RENAME id TO uid', 'ALTER TABLE t RENAME uid TO id'];
  const { run, database } = await setUp(
    { ...sqlStep('0001_a', effect, up, down), 'migrations/schema/0000_prerequisites.json': before },
    `CREATE TABLE t (id integer UNIQUE NOT NULL); CREATE VIEW v AS SELECT id FROM t;
      CREATE TABLE o (id integer CONSTRAINT k REFERENCES t (id))`,
  );
  const { name, url } = await plainRole(database, 'CREATE ON SCHEMA public');
  await database.query(`ALTER TABLE t OWNER TO ${name}`);
  for (const line of ['up', 'down', 'up', 'redo'])
    expect([line, (await run(line, url)).error]).toEqual([line, null]);
});

test('refuses a down that renames a table which the role does not own', async () => {
  const effect = { 'public.t': null, 'public.w': { table: '' } };
  const [up, down] = ['ALTER TABLE t RENAME TO w', 'ALTER TABLE w RENAME TO t'];
  const { run, database } = await setUp(sqlStep('0001_a', effect, up, down), 'CREATE TABLE t ()');
  const { name, url } = await plainRole(database);
  await run('up');
  const { error } = await run('down', url);
  expect(error?.message).toContain(`role ${name} does not own table public.w`);
});

test('a refusal names a table once, also if one migration changes it and another one drops it', async () => {
  const column = { 'public.t': { 'column v': 'integer NULL' } };
  const { run, database } = await setUp(
    {
      ...sqlStep('0001_a', column, 'ALTER TABLE t ADD v integer'),
      ...sqlStep('0002_b', { 'public.t': null }, 'DROP TABLE t'),
    },
    'CREATE TABLE t ()',
  );
  const { url } = await plainRole(database, 'CREATE ON SCHEMA public');
  expect((await run('up', url)).error?.message.match(/ does not own /g)).toHaveLength(1);
});
