/**
 * `npm start`: shows what this project does, on a PostgreSQL server that it starts and stops. It really runs
 * the commands. The exit code is 0 only if each of them did what the text says.
 */
import { deepEqual } from 'node:assert/strict';
import picocolors from 'picocolors';
import { migrations, reversible } from './support/migrations.ts';
import { makeBase, type Database } from './support/database.ts';
import { startEmbedded } from './support/embedded.ts';
import { startProgram } from './support/migrate.ts';

const { bold, cyan, green, red, isColorSupported } = picocolors;
const print = (text: string): void => console.log(text);

/** Runs `npm run migrate`, shows what it prints, and fails if it ends with another exit code. */
async function migrate({ url }: Database, command: string, exitCode: number): Promise<void> {
  print(bold(`$ npm run migrate ${command.replace(' --', ' -- --')}`));
  const argv = ['run', '--silent', 'migrate', '--', ...command.split(' ')];
  const env: Record<string, string> = isColorSupported ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' };
  const { code, stdout, stderr } = await startProgram('npm', argv, { url, env }).finished;
  const lines = `${stdout}${stderr}`
    .split('\n')
    .filter((line) => line !== '' && !/^\S*database /.test(line));
  if (lines.length > 0) print(lines.join('\n'));
  if (exitCode !== 0) print(red(`(exit code ${code})`));
  deepEqual(code, exitCode, `"${command}" ended with exit code ${code}, not ${exitCode}`);
}

/** Sends the query of the application's page /workflows. Expects these rows, or an error's SQLSTATE. */
async function openPage(database: Database, expected: readonly object[] | string): Promise<void> {
  const question = 'The page /workflows asks for user_workflows: ';
  const rows = database.query('SELECT id, name FROM user_workflows');
  const answer = await rows.catch((error: unknown) => error as Error & { code: string });
  if (answer instanceof Error) {
    print(`${question} ${red(`ERROR ${answer.code}: ${answer.message}`)}`);
    deepEqual(answer.code, expected);
  } else {
    print(`${question} ${green(JSON.stringify(answer))}`);
    deepEqual(answer, expected);
  }
}

async function change(database: Database, sql: string): Promise<void> {
  print(`${bold('sql>')} ${sql}`);
  await database.query(sql);
}

async function demonstrate(database: Database): Promise<void> {
  const dump = (): Promise<string> => database.dump({ without: ['pgmigrations'] });
  const heading = (text: string): void => print(`\n${bold(cyan(text))}`);

  heading('1. The problem: the application needs a table that does not exist');
  await openPage(database, '42P01');
  const before = await dump();

  heading('2. The migrations create it');
  await migrate(database, 'up', 0);
  await openPage(database, []);
  const after = await dump();

  heading('3. Somebody changes the schema by hand; the check finds it, until it is changed back');
  await change(database, 'ALTER TABLE user_workflows ALTER COLUMN name TYPE text');
  await migrate(database, 'check', 6);
  await change(database, 'ALTER TABLE user_workflows ALTER COLUMN name TYPE varchar(255)');
  await migrate(database, 'check', 0);

  if (reversible.length === 0) return;
  heading('4. Migrations can be reverted, and applied again; pg_dump finds the same schemas');
  await migrate(database, `down ${reversible.length} --allow-data-loss --quiet`, 0);
  if (reversible.length === migrations.length) deepEqual(await dump(), before);
  await migrate(database, 'up --quiet', 0);
  deepEqual(await dump(), after);
}

async function main(): Promise<void> {
  process.stdout.write('Starting a PostgreSQL server for this demonstration ... ');
  const server = await startEmbedded({ settings: { fsync: 'off' } });
  try {
    print(`on port ${new URL(server.url).port}, with the base schema of the application`);
    await demonstrate(await makeBase(server.url, { name: 'workflows' }));
  } finally {
    await server.stop();
  }
  print(`
The server is stopped, and its files are removed. What to try next:
  npm run db                        start a database that stays, and prints its DATABASE_URL
  npm run migrate -- up --dry-run   in another terminal: the SQL that would run`);
}

void main();
