import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { folder, url } from './migrations.mjs';

const client = new pg.Client(url);
await client.connect();
await migrate(drizzle(client), { migrationsFolder: folder });
await client.end();
