import { expect, test } from 'vitest';
import { migration, setUp } from '../support/project.ts';

test('what a migration sends itself after pgm.noTransaction() runs outside a transaction', async () => {
  const lines = [
    `await pgm.db.query('CREATE TABLE a AS SELECT generate_series(1, 5) AS id');`,
    'pgm.noTransaction();',
    `while ((await pgm.db.query('UPDATE a SET id = id + 9 WHERE id < 9')).rowCount > 0);`,
    `await pgm.db.query('CREATE INDEX CONCURRENTLY i ON a (id)');`,
    `pgm.sql('CREATE INDEX CONCURRENTLY j ON a (id)');`,
  ];
  const { run } = await setUp(
    {
      '.node-pg-migraterc.json': { schema: 'app' },
      'migrations/0001_a.ts': migration(lines.join('\n')),
    },
    'CREATE SCHEMA app',
  );
  expect(await run('snapshot')).toMatchObject({ error: null });
  expect(await run('up --strict')).toMatchObject({ error: null, version: '0001_a' });
});
