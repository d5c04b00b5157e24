import { expect, test } from 'vitest';
import { migration, setUp } from '../support/project.ts';

test('what a migration sends itself after pgm.noTransaction() runs outside a transaction', async () => {
  const up = `await pgm.db.query('CREATE TABLE a AS SELECT 1 AS id');
    pgm.noTransaction();
    await pgm.db.query('CREATE INDEX CONCURRENTLY i ON a (id)');
    pgm.sql('CREATE INDEX CONCURRENTLY j ON a (id)');`;
  const settings = { '.node-pg-migraterc.json': { schema: 'app' } };
  const files = { ...settings, 'migrations/0001_a.ts': migration(up) };
  const { run } = await setUp(files, 'CREATE SCHEMA app');
  expect(await run('snapshot')).toMatchObject({ error: null });
  expect(await run('up --strict')).toMatchObject({ error: null, version: '0001_a' });
});
