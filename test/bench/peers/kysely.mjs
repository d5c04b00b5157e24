import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { migrations, url } from './migrations.mjs';

const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) });
const all = migrations.map(([name, text]) => [name, { up: (trx) => sql.raw(text()).execute(trx) }]);
const provider = { getMigrations: async () => Object.fromEntries(all) };
const { error } = await new Migrator({ db, provider }).migrateToLatest();
await db.destroy();
if (error) throw error;
