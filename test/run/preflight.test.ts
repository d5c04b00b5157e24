import { expect, test } from 'vitest';
import { call, type JsonReport } from '../support/call.js';
import type { Database } from '../support/database.js';
import { plainRole } from '../support/plain-role.js';
import { migration, testProject } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

const HEAD = '0005_index-workflow-executions';

/** The remedies of a refusal, as it lists them. */
const remedies = ({ error }: JsonReport): string[] =>
  (error?.hint ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim());

/** The problems of a refusal, as it lists them. */
const problems = ({ error }: JsonReport): string[] =>
  (error?.message ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^ +- /, ''));

async function refused(url: string, database: Database, root?: string): Promise<JsonReport> {
  const before = await database.dump();
  const report = (await call(['up', '--json'], { url, ...(root === undefined ? {} : { root }) })).json();
  expect(report).toMatchObject({ outcome: 'unavailable', exitCode: 3, applied: [], error: { code: 'obstacles' } });
  expect(await database.dump(), 'nothing is written, not even the migrations table').toBe(before);
  return report;
}

test('all that a role lacks is listed at once', async () => {
  const database = await testDatabase({ rows: true });
  const role = await plainRole(database);
  const [owner] = await database.query<{ name: string }>('SELECT CURRENT_USER AS name');
  expect(problems(await refused(role.url, database)).sort()).toEqual([
    `role ${role.name} does not own public.update_updated_at_column() (${owner?.name} does)`,
    `role ${role.name} does not own public.workflow_executions (${owner?.name} does)`,
    `role ${role.name} may not create in schema public`,
    `role ${role.name} may not refer to public.users`,
  ]);
});

test.each([
  ['a plain name', undefined],
  ['a name that has to be quoted', 'Deploy-Role'],
])('the remedies, typed as they are by a superuser, are all that is needed: %s', async (_, name) => {
  const database = await testDatabase({ rows: true });
  const role = await plainRole(database, name);
  for (const remedy of remedies(await refused(role.url, database)))
    await database.query(remedy.split(';  or  ').at(-1) ?? '');
  const [superuser] = await database.query('SELECT rolsuper FROM pg_roles WHERE rolname = $1', [role.name]);
  expect(superuser).toEqual({ rolsuper: false });
  expect((await call(['up', '--json'], { url: role.url })).json()).toMatchObject({ exitCode: 0, version: HEAD });
  expect((await call(['down', '9', '--json'], { url: role.url })).json()).toMatchObject({ exitCode: 0, version: null });
});

test('a member that does not inherit is told how it would', async () => {
  const database = await testDatabase({ rows: true });
  const [role, owner] = [await plainRole(database), await plainRole(database)];
  const [server] = await database.query<{ isOld: boolean }>(
    `SELECT current_setting('server_version_num')::int < 160000 AS "isOld"`,
  );
  await database.query(`ALTER ROLE ${role.name} NOINHERIT; GRANT ${owner.name} TO ${role.name};
    GRANT USAGE, CREATE ON SCHEMA public TO ${role.name}; GRANT REFERENCES ON users TO ${role.name};
    ALTER TABLE workflow_executions OWNER TO ${owner.name};
    ALTER FUNCTION update_updated_at_column() OWNER TO ${owner.name};
    GRANT USAGE, CREATE ON SCHEMA public TO ${owner.name}; GRANT REFERENCES ON users TO ${owner.name}`);
  const [remedy = '', ...others] = remedies(await refused(role.url, database));
  expect(others).toEqual([]);
  await database.query(remedy.split('-- before PostgreSQL 16:')[server?.isOld ? 1 : 0] ?? '');
  expect((await call(['up', '--json'], { url: role.url })).json()).toMatchObject({ exitCode: 0, version: HEAD });
});

test('no remedy makes the role a superuser', async () => {
  const database = await testDatabase();
  const role = await plainRole(database);
  const [owner] = await database.query<{ name: string }>('SELECT CURRENT_USER AS name');
  expect(remedies(await refused(role.url, database)).join('\n')).not.toContain(`GRANT ${owner?.name} TO`);
});

test('a role with exactly the privileges that are needed succeeds, and need not be a superuser', async () => {
  const database = await testDatabase({ rows: true });
  const role = await plainRole(database);
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${role.name}; GRANT REFERENCES ON users TO ${role.name};
    ALTER TABLE workflow_executions OWNER TO ${role.name}; ALTER FUNCTION update_updated_at_column() OWNER TO ${role.name}`);
  expect((await call(['up', '--json'], { url: role.url })).json()).toMatchObject({ exitCode: 0, version: HEAD });
  expect((await call(['check', '--strict'], { url: role.url })).code).toBe(0);
});

test('a role that may not even use the schema is told so, in words that can be typed', async () => {
  const database = await testDatabase();
  const role = await plainRole(database);
  await database.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  const report = await refused(role.url, database);
  expect(problems(report)).toContain(`role ${role.name} may not create in schema public`);
  for (const remedy of remedies(report)) await database.query(remedy.split(';  or  ').at(-1) ?? '');
  expect((await call(['up'], { url: role.url })).code).toBe(0);
});

test('an index on a table that is there is made in a schema, too', async () => {
  const database = await testDatabase({ base: false });
  const role = await plainRole(database);
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${role.name}`);
  const root = smallProject(['a', 'b'], {
    'migrations/0002_b.ts': migration(`pgm.createIndex('a', 'id');`, `pgm.dropIndex('a', 'id');`),
    'migrations/schema/0002_b.json': { tables: { 'public.a': { indexes: { a_id_index: 'btree (id)' } } } },
  });
  expect((await call(['up', '0001'], { url: role.url, root })).code).toBe(0);
  await database.query(`REVOKE CREATE ON SCHEMA public FROM ${role.name}`);
  const report = await refused(role.url, database, root);
  expect(problems(report)).toEqual([`role ${role.name} may not create in schema public`]);
  for (const remedy of remedies(report)) await database.query(remedy);
  expect((await call(['up', '--json'], { url: role.url, root })).json()).toMatchObject({ exitCode: 0 });
});

test('a migrations table of somebody else: what is missing on it is told, its sequence too', async () => {
  const database = await testDatabase();
  expect((await call(['up', '0001'], { url: database.url })).code).toBe(0);
  const role = await plainRole(database);
  for (const remedy of remedies(await refused(role.url, database)))
    await database.query(remedy.split(';  or  ').at(-1) ?? '');
  expect((await call(['up', '--json'], { url: role.url })).json()).toMatchObject({ exitCode: 0, version: HEAD });
});

test('a schema for the migrations table that is missing: one remedy is enough', async () => {
  const database = await testDatabase();
  const role = await plainRole(database);
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${role.name}`);
  const root = testProject({
    '.node-pg-migraterc.json': { 'migrations-schema': 'Ledger', schema: 'public' },
    'migrations/0001_a.ts':
      "export const up = (pgm) => pgm.createTable('a', { id: 'integer' });\nexport const down = (pgm) => pgm.dropTable('a');\n",
    'migrations/schema/0001_a.json': {
      tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
    },
  });
  for (const remedy of remedies(await refused(role.url, database, root))) await database.query(remedy);
  expect((await call(['up', '--json'], { url: role.url, root })).json()).toMatchObject({
    exitCode: 0,
    version: '0001_a',
  });
});

test('an empty database lacks the prerequisites, each by name', async () => {
  const database = await testDatabase({ base: false });
  const found = problems(await refused(database.url, database)).join('\n');
  expect(found).toContain('table public.users is missing');
  expect(found).toContain('table public.workflow_executions is missing');
});

test('half a base schema: what is missing, and what has another shape, together', async () => {
  const database = await testDatabase();
  await database.query('DROP TABLE users CASCADE; ALTER TABLE workflow_executions ALTER id TYPE text');
  const found = problems(await refused(database.url, database)).join('\n');
  expect(found).toContain('table public.users is missing');
  expect(found).toContain('column public.workflow_executions.id is text, not uuid');
});

test('a role whose transactions are read-only is refused before anything else', async () => {
  const database = await testDatabase();
  await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
  const report = (await call(['up', '--json'], { url: database.url })).json();
  expect(report).toMatchObject({ exitCode: 3, error: { code: 'obstacles' } });
  expect(problems(report)[0]).toMatch(
    /^transactions of role \w+ are read-only here \(default_transaction_read_only\)$/,
  );
});
