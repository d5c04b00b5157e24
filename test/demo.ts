/**
 * `npm start`: the whole story on a PostgreSQL server of its own, in less than a minute. Every command is really run, and the
 * exit code is 0 only when every step did what it says.
 */
import { fixture, makeDatabase, type Database } from './support/database.js';
import { startEmbedded } from './support/embedded.js';
import { narrator } from './cli/narrator.js';

const list = "SELECT id, name FROM user_workflows WHERE user_id = '00000000-0000-4000-8000-000000000001'";
const withoutLedger = { without: ['pgmigrations'] };

async function tell(database: Database): Promise<void> {
  const { chapter, say, migrate, ask, change, claim } = narrator(database);

  chapter('What is wrong');
  say(`The server, on port ${new URL(database.url).port}, holds the application's base schema and some rows.`);
  say('The page /workflows asks it:');
  await ask(list, '42P01');
  const before = await database.dump(withoutLedger);

  chapter('The migrations put it right');
  await migrate('up', 0);
  await migrate('check', 0);
  say('The application asks again:');
  await ask(list, []);
  const after = await database.dump(withoutLedger);

  chapter('Somebody changes the schema by hand');
  await change('ALTER TABLE user_workflows ALTER COLUMN name TYPE text');
  await change('DROP INDEX idx_user_workflows_category');
  const spoilt = ['public.user_workflows.name', 'idx_user_workflows_category'];
  await migrate('check', 6, spoilt);
  say('A run does not pass over it either:');
  await migrate('up', 6, spoilt);

  chapter('Somebody repairs it');
  await change('ALTER TABLE user_workflows ALTER COLUMN name TYPE varchar(255)');
  await change('CREATE INDEX idx_user_workflows_category ON user_workflows (category)');
  await migrate('check', 0);

  chapter('All the way down, and up again');
  await migrate('down 5', 0);
  await ask(list, '42P01');
  claim('pg_dump says the same as before the first step', (await database.dump(withoutLedger)) === before);
  await migrate('up', 0);
  await ask(list, []);
  claim('pg_dump says the same as after the first `up`', (await database.dump(withoutLedger)) === after);
}

process.stdout.write('Starting a PostgreSQL server of its own ...\n');
const server = await startEmbedded({ settings: { fsync: 'off' } });
try {
  const database = await makeDatabase(server.url, { name: 'workflows' });
  await database.query(fixture('base-schema.sql'));
  await database.query(fixture('base-rows.sql'));
  await tell(database);
} finally {
  await server.stop();
}
process.stdout.write('\nThe server is stopped, and its files are gone. To play with one yourself: npm run db\n');
