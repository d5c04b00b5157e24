import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Database } from './database.ts';

/** Creates a role without privileges, not even CREATE on `public`. Drops it at the end of the test. */
export async function plainRole(
  database: Database,
  name = `role_${randomBytes(4).toString('hex')}`,
) {
  await database.query(`CREATE ROLE "${name}" LOGIN PASSWORD 'of-the-test';
    REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
  onTestFinished(async () => {
    await database.query(
      `REASSIGN OWNED BY "${name}" TO CURRENT_USER; DROP OWNED BY "${name}"; DROP ROLE "${name}"`,
    );
  });
  const url = new URL(database.url);
  url.username = encodeURIComponent(name);
  url.password = 'of-the-test';
  return { name, url: url.href };
}
