// The least that a Node.js program does of a database: it connects, and asks once.
import pg from 'pg';

const client = new pg.Client(process.env.DATABASE_URL);
await client.connect();
await client.query('SELECT 1');
await client.end();
