import { describe, expect, test } from 'vitest';
import type { JsonReport } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import { plainRole } from '../support/plain-role.ts';
import { start } from '../support/migrate.ts';
import { creates, filesIn, merged, settingsFile, setUp } from '../support/project.ts';
import { sqlStep, step, table } from '../support/project.ts';

/** The items of a list below a first line: the problems in a message, or the remedies in a hint. */
const list = (text = ''): string[] =>
  text
    .split('\n')
    .slice(1)
    .map((row) => row.replace(/^[ -]+/, ''))
    .filter((row) => row !== '');
const problems = ({ error }: JsonReport) => list(error?.message);
const remedies = ({ error }: JsonReport) => list(error?.hint.replace('Nothing was changed.\n', ''));
const apply = async (report: JsonReport, { query }: Database) => {
  for (const remedy of remedies(report)) await query(remedy);
};

/** Expects that `up` is refused with these problems, and succeeds after the remedies of its hint. */
async function expectRemedied(
  { run, database }: Awaited<ReturnType<typeof setUp>>,
  url: string,
  expected: readonly unknown[],
) {
  const report = await run('up', url);
  const error = { code: 'problems' };
  expect(report).toMatchObject({ outcome: 'unavailable', exitCode: 3, error });
  expect(problems(report).toSorted()).toEqual(expected);
  await apply(report, database);
  expect(await run('up', url)).toMatchObject({ exitCode: 0, pending: [] });
  return report;
}

const base = `CREATE TABLE users (id integer PRIMARY KEY); CREATE TABLE t (id integer);
  CREATE TABLE s (id serial); CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE PROCEDURE clean() LANGUAGE sql AS 'SELECT 1'`;
/** A migration that needs a privilege of each kind. */
const files = filesIn('run/preflight.txt');

describe('lists all that a role lacks, with remedies that work:', () => {
  test.for(['role', 'Deploy-Role'])('a role whose name begins with "%s"', async (prefix) => {
    const project = await setUp(files, base);
    const { run, database } = project;
    const role = await plainRole(database, '', prefix);
    const [owner] = await database.query<{ name: string }>('SELECT CURRENT_USER AS name');
    const before = await database.dump();
    expect((await run('up', role.url)).exitCode).toBe(3);
    expect(await database.dump(), 'nothing was written').toBe(before);
    const shown = prefix === 'role' ? role.name : `"${role.name}"`;
    const notOwned = ['function public.clean()', 'function public.touch()'];
    notOwned.push('sequence public.s_id_seq', 'table public.t');
    const refusal = await expectRemedied(project, role.url, [
      ...notOwned.map(
        (object) => `role ${shown} does not own ${object}; its owner is ${owner?.name}`,
      ),
      `role ${shown} lacks CREATE ON SCHEMA public`,
      `role ${shown} lacks REFERENCES ON TABLE public.users`,
    ]);
    expect(remedies(refusal).join()).not.toContain(`GRANT ${owner?.name ?? ''} TO`); // A superuser.
    expect(await run('down', role.url)).toMatchObject({ exitCode: 0, version: null });
  });

  test.for(['GRANT', 'REVOKE'])("a NOINHERIT role, after %s of the owner's role", async (verb) => {
    const { run, database } = await setUp(files, base);
    const [role, owner] = [await plainRole(database), await plainRole(database)];
    const membership = `${verb} ${owner.name} ${verb === 'GRANT' ? 'TO' : 'FROM'} ${role.name}`;
    const owned = ['TABLE t', 'TABLE s', 'FUNCTION touch()', 'PROCEDURE clean()'];
    await database.query(`ALTER ROLE ${role.name} NOINHERIT; ${membership};
      GRANT USAGE, CREATE ON SCHEMA public TO ${role.name}, ${owner.name};
      GRANT REFERENCES ON users TO ${role.name};
      ${owned.map((object) => `ALTER ${object} OWNER TO ${owner.name}`).join('; ')}`);
    const [remedy = '', ...others] = remedies(await run('up', role.url));
    expect(others).toEqual([]);
    await database.query(remedy);
    expect(await run('up', role.url)).toMatchObject({ exitCode: 0 });
  });

  test('a schema that the role may not use, and a migrations table of another role', async () => {
    const { run, database } = await setUp(creates('a', 'b'));
    expect(await run('up 1')).toMatchObject({ exitCode: 0 });
    const role = await plainRole(database);
    await database.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    const rights = ['CREATE ON SCHEMA public', 'INSERT ON TABLE public.pgmigrations'];
    rights.push('SELECT ON TABLE public.pgmigrations', 'USAGE ON SCHEMA public');
    rights.push('USAGE ON SEQUENCE public.pgmigrations_id_seq');
    const all = rights.map((right) => `role ${role.name} lacks ${right}`);
    expect(problems(await run('up', role.url))).toEqual(expect.arrayContaining(all));
    for (const line of ['check', 'up']) {
      const report = await run(line, role.url);
      expect([line, report.exitCode]).toEqual([line, 3]);
      await apply(report, database);
      expect([line, (await run(line, role.url)).exitCode]).toEqual([line, 0]);
    }
    expect(await run('check')).toMatchObject({ exitCode: 0, version: '0002_b' });
  });

  test('a missing schema for the migrations table', async () => {
    const project = await setUp({ ...settingsFile(['public'], 'Ours'), ...creates('a') });
    await expectRemedied(project, project.url, ['schema "Ours" is missing']);
  });

  test('a schema that the migration creates, without CREATE on the database', async () => {
    const effect = { '"S.s".t': { table: '', 'column id': 'integer NULL' } };
    const project = await setUp(
      sqlStep('0001_a', effect, 'CREATE SCHEMA "S.s"; CREATE TABLE "S.s".t (id integer)'),
    );
    const { name, url } = await plainRole(project.database);
    const places = [`DATABASE ${project.database.name}`, 'SCHEMA public']; // For the migrations table.
    const lacks = places.map((place) => `role ${name} lacks CREATE ON ${place}`);
    await expectRemedied(project, url, lacks);
  });

  test('a table of pg_database_owner, a role that cannot be granted', async () => {
    const files = sqlStep('0001_a', { 'public.t': { 'column id': null } }, 'ALTER TABLE t DROP id');
    const owned = 'CREATE TABLE t (id integer); ALTER TABLE t OWNER TO pg_database_owner';
    const project = await setUp(files, owned);
    const { url } = await plainRole(project.database, 'CREATE ON SCHEMA public');
    const problem = expect.stringContaining('its owner is pg_database_owner') as string;
    await expectRemedied(project, url, [problem]);
  });

  test.for(['PARTITION OF public."""T"" t" DEFAULT', 'INHERITS (public."""T"" t")'])(
    'a new table whose parent the role does not own: %s',
    async (child) => {
      const [parent, sql] = child.startsWith('PARTITION')
        ? ['(id integer) PARTITION BY LIST (id)', child]
        : ['(id integer)', `() ${child}`];
      const effect = { 'public.a': { table: child, 'column id': 'integer NULL' } };
      const files = sqlStep('0001_a', effect, `CREATE TABLE a ${sql}`);
      const project = await setUp(files, `CREATE TABLE """T"" t" ${parent}`);
      const { url } = await plainRole(project.database, 'CREATE ON SCHEMA public');
      const problem = expect.stringContaining('does not own table public."""T"" t"') as string;
      await expectRemedied(project, url, [problem]);
    },
  );

  const t = (facts: object) => ({ 'public.t': facts });
  test.for<[exitCode: number, up: string, down: string, effect: object]>([
    [3, 'CREATE TABLE a ()', 'DROP TABLE a', table('a')],
    [3, 'CREATE INDEX i ON t (id)', 'DROP INDEX i', t({ 'index i': 'USING btree (id)' })],
    [0, 'ALTER TABLE t ADD b int', 'ALTER TABLE t DROP b', t({ 'column b': 'integer NULL' })],
  ])('exit code %i if redo may not CREATE: %s', async ([exitCode, up, down, effect]) => {
    const files = sqlStep('0001_a', effect, up, down);
    const { run, database } = await setUp(files, 'CREATE TABLE t (id integer)');
    const { name, url } = await plainRole(database, 'CREATE ON SCHEMA public');
    await database.query(`ALTER TABLE t OWNER TO ${name}`);
    expect(await run('up', url)).toMatchObject({ exitCode: 0 });
    await database.query(`REVOKE CREATE ON SCHEMA public FROM ${name}`);
    const reverted = exitCode === 0 ? [{}] : [];
    expect(await run('redo', url)).toMatchObject({ exitCode, reverted, version: '0001_a' });
    expect(await run('down', url)).toMatchObject({ exitCode: 0 });
  });
});

test('lists missing prerequisites together with those that have another definition', async () => {
  const { run, database } = await setUp({
    'migrations/schema/0000_prerequisites.json': {
      'public.users': { table: '', 'column id': 'uuid NOT NULL' },
      'public.t': { table: '', 'column id': 'integer NULL' },
    },
    ...creates('a'),
  });
  await database.query('CREATE TABLE t (id text)');
  const report = await run('up');
  expect(report).toMatchObject({ exitCode: 3, error: { code: 'problems' } });
  expect(problems(report)).toEqual([
    'table public.users is missing (expected table)',
    'column public.t.id is text NULL (expected integer NULL)',
  ]);
});

test('needs little memory for a large function and many foreign keys', async () => {
  const columns = Array.from({ length: 20_000 }, (_, index) => `c${index}`);
  const first = { ...table('a', ...columns), 'function public.f()': ' '.repeat(4_000_000) };
  const effect = { 'public.b': { 'constraint f': 'FOREIGN KEY (id) REFERENCES public.a(c0)' } };
  const later = Array.from({ length: 200 }, (_, index) => step(`${2 + index}_b`, effect, ''));
  const { root, url } = await setUp(merged([step('1_a', first, ''), ...later]));
  const env = { NODE_OPTIONS: '--max-old-space-size=128' };
  const { code } = await start(['up'], { url, cwd: root, env }).finished;
  expect(code, 'a is missing').toBe(6);
});
