import knex from 'knex';
import { migrations, url } from './migrations.mjs';

const db = knex({ client: 'pg', connection: url });
await db.migrate.latest({
  migrationSource: {
    getMigrations: async () => migrations,
    getMigrationName: ([name]) => name,
    getMigration: async ([, text]) => ({ up: (trx) => trx.raw(text().replaceAll('?', '\\?')), down: async () => {} }),
  },
});
await db.destroy();
