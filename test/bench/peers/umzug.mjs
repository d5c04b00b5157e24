// umzug brings no storage for PostgreSQL: this is the smallest one.
import pg from 'pg';
import { Umzug } from 'umzug';
import { migrations, url } from './migrations.mjs';

const client = new pg.Client(url);
await client.connect();
const umzug = new Umzug({
  migrations: migrations.map(([name, text]) => ({ name, up: () => client.query(`BEGIN; ${text()}; COMMIT`) })),
  logger: undefined,
  storage: {
    executed: async () => {
      await client.query('CREATE TABLE IF NOT EXISTS umzug (name text PRIMARY KEY)');
      return (await client.query('SELECT name FROM umzug ORDER BY name')).rows.map(({ name }) => name);
    },
    logMigration: ({ name }) => client.query('INSERT INTO umzug VALUES ($1)', [name]),
    unlogMigration: ({ name }) => client.query('DELETE FROM umzug WHERE name = $1', [name]),
  },
});
await umzug.up();
await client.end();
