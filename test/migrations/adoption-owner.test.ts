import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { expectAdopted, expectRefused } from './adoption.js';
import { legacyDatabase } from './adoption-database.js';
import type { Database } from '../support/database.js';

/** Roles for one database: `owner` has the tables, `deployer` may log in and create in public. */
async function withRoles(): Promise<{ database: Database; url: string; owner: string; deployer: string }> {
  const id = randomBytes(6).toString('hex');
  const [owner, deployer] = [`owner_${id}`, `deployer_${id}`];
  // Registered before the database's own, and so called after that is dropped.
  onTestFinished(async () => {
    const client = new pg.Client({ connectionString: inject('server').url });
    await client.connect();
    await client.query(`DROP ROLE IF EXISTS ${owner}, ${deployer}`).finally(() => client.end());
  });
  const database = await legacyDatabase();
  await database.query(`CREATE ROLE ${owner}; CREATE ROLE ${deployer} LOGIN PASSWORD 'x';
    GRANT USAGE, CREATE ON SCHEMA public TO ${owner}, ${deployer};
    ALTER TABLE users OWNER TO ${owner}; ALTER TABLE workflow_templates OWNER TO ${owner};
    ALTER TABLE user_workflows OWNER TO ${owner}; ALTER TABLE workflow_executions OWNER TO ${owner};
    ALTER FUNCTION update_updated_at_column() OWNER TO ${owner}`);
  const url = new URL(database.url);
  [url.username, url.password] = [deployer, 'x'];
  return { database, url: url.href, owner, deployer };
}

const ownersOf = (database: Database) =>
  database.query(`SELECT relname, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relkind = 'r'
    AND relname IN ('users', 'workflow_templates', 'user_workflows', 'workflow_executions') ORDER BY 1`);

test('tables of another role, and a role that is no member of it: all that is missing is listed at once', async () => {
  const { database, url, owner, deployer } = await withRoles();
  const { outcome, error } = await expectRefused(database, 3, { url });
  expect(outcome).toBe('unavailable');
  const problem = (name: string) => `role ${deployer} does not own ${name} (${owner} does)`;
  expect(error?.message.split('\n  - ').slice(1)).toEqual([
    problem('public.workflow_templates'),
    problem('public.user_workflows'),
    problem('public.workflow_executions'),
    problem('public.update_updated_at_column()'),
    `role ${deployer} may not refer to public.users`,
  ]);
  expect(error?.hint.split('\n  ').slice(1)).toEqual([
    `GRANT ${owner} TO ${deployer};`,
    `GRANT REFERENCES ON public.users TO ${deployer};`,
  ]);
});

test('what mends it is enough: a member of the owner adopts the tables, which stay the owner’s', async () => {
  const { database, url, owner, deployer } = await withRoles();
  await database.query(`GRANT ${owner} TO ${deployer}`);
  const before = await ownersOf(database);
  await expectAdopted(database, { url });
  expect(await ownersOf(database)).toEqual(before);
});

test('a superuser adopts the tables of another role, which stay the owner’s', async () => {
  const { database } = await withRoles();
  const before = await ownersOf(database);
  await expectAdopted(database);
  expect(await ownersOf(database)).toEqual(before);
});
