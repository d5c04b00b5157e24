import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Database } from './database.ts';

/**
 * Creates a role without privileges, or with one such as `CREATE ON SCHEMA public`, and drops it at the end
 * of the test. Before PostgreSQL 15, every role has that privilege through PUBLIC: revokes it.
 */
export async function plainRole(database: Database, privilege = '', prefix = 'role') {
  const name = `${prefix}_${randomBytes(4).toString('hex')}`;
  await database.query(`CREATE ROLE "${name}" LOGIN PASSWORD 'of-the-test';
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    ${privilege && `GRANT ${privilege} TO "${name}"`}`);
  onTestFinished(async () => {
    await database.query(`REASSIGN OWNED BY "${name}" TO CURRENT_USER;
      DROP OWNED BY "${name}"; DROP ROLE "${name}"`);
  });
  const login = { username: encodeURIComponent(name), password: 'of-the-test' };
  return { name, url: Object.assign(new URL(database.url), login).href };
}
