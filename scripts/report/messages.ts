import { hintFor } from './hints.ts';
import type { Direction, Loss, Problem, Session } from './types.ts';
import { addOption, atVersion, blockerLines, list, lossText, placeOf, plural } from './wording.ts';
import { RUN, STATUS_HINT } from './wording.ts';

type Address = Readonly<{ host: string; port: number; database: string; user: string }>;

const URL_FORM = `A URL has this form:  postgres://user:password@host:5432/database
In the password, write % @ : / ? # as %25 %40 %3A %2F %3F %23.`;
const LOST = `Usually the server was restarted, or a firewall or a pooler closed the connection (a run needs two connections at a time). ${STATUS_HINT}`;
const NOT_AWAITED = `Usually an "await" is missing, or a callback is async, as in forEach(). Await every promise.`;
const RENUMBER = `Usually two branches added migrations. Give the one that is not applied anywhere, and its effect file, the next number. Then:  npm run migrate snapshot
If yours is applied on your own database, first go back to the files from before the merge, and revert it:  ${RUN} down`;
const BAD_EXPORTS = `A migration exports "up" and "down". If it cannot be reverted:  export const down = false;`;
const BAD_CODE = `Usually it has a syntax error, marks of a merge conflict, or an import of a missing file, or this user may not read it.`;
const NO_CONTROL = `Remove BEGIN, COMMIT and ROLLBACK from it. A migration that cannot run in a transaction calls pgm.noTransaction() first.`;
const UP_DIFFERS = `Usually a table, column or index of the same name was there before. Change it to what is expected, or rename it, and run again.
If you have just edited the migration, write its effect again, and read the diff:  npm run migrate snapshot`;
const DOWN_DIFFERS = `Usually "down" does not undo all that "up" does, or somebody changed the schema by hand.
Complete "down", or change that back, and run the same command again.`;
const EMPTY_DRIFTS = `Usually the URL names another database, or the base schema of the application is not loaded, or was changed. Correct the URL, or the base schema.`;
const DRIFTS = `Usually somebody changed the schema or an effect file by hand. Change it back; or, to keep the change:  npm run migrate create <name>
If a run was interrupted, run its command again, such as:  ${RUN} up
If you edited the last migration, or it is recorded but did not run, apply it again:  ${RUN} redo  (the last two: redo 2)`;

/** The first lines of a statement. The whole statement may have many megabytes. */
const excerpt = (sql: string) => {
  const lines = sql.slice(0, 1000).split('\n').slice(0, 12);
  return list(lines.join('\n') === sql ? lines : [...lines, '…']);
};

/** The text of each failure: its outcome and a colon, then the message, and after `→` the hint. */
export const messages = {
  'command-line': (reason: string) => `usage: ${reason}
→ Nothing was run. See the commands and options:  ${RUN} help`,
  'npm-option': (reason: string) => `usage: ${reason}
→ Nothing was run. npm reads the options before this program does. Write them after --:  ${RUN} -- <command> <options>`,
  'writes-files': (command: string) => `
usage: "${command}" writes source files, so it has no dry run, and the compiled program refuses it
→ Nothing was written. Run it in the project's folder; then git shows what it wrote:  npm run migrate ${command === 'create' ? 'create <name>' : command}`,
  'not-readable': (file: string, reason: string) => `usage: ${file} cannot be read: ${reason}
→ ${hintFor('file', reason, file)}`,
  'not-writable': (file: string, reason: string) => `usage: ${file} cannot be written: ${reason}
→ Usually the folder belongs to another user, or the disk is full. Correct that, and run the command again.`,
  'bad-file': (file: string, reason: string) => `usage: ${file} is not valid: ${reason}
→ ${hintFor('file', file)}`,
  'no-database': (variable: string) => `
usage: no database is named: ${variable} and PGHOST are not set, or empty
→ Set it in the environment or in .env (in a pipeline, usually a secret is missing):  ${variable}=postgres://user:password@host:5432/database
An empty variable in the environment hides the one in .env: remove it. A .env that this user may not read is ignored.
To start a database to try things out:  npm run db`,
  'bad-url': (variable: string, reason: string) => `usage: ${variable} cannot be used: ${reason}
→ ${/^PG(HOST|PORT|SSLMODE)\b/.test(variable) ? 'Correct it in the environment or in .env.' : URL_FORM}`,
  'migration-name': (file: string) => `
usage: ${file} is not named like a migration, so it would not run
→ A migration is named NNNN_verb-object.ts, in letters, digits and hyphens, and passes its SQL to pgm.sql().
Rename this file, or move it to another folder.`,
  'duplicate-number': (a: string, b: string) => `
usage: two migrations have the same number: ${a} and ${b}
→ ${RENUMBER}`,
  'effect-alone': (file: string) => `
usage: ${file} is an effect file, but its migration is not there
→ Usually the migration was not committed or copied: restore it. If it was renamed, or this file is a copy, remove this file.`,
  'bad-migration': (file: string, reason: string) => `usage: ${file} cannot be loaded: ${reason}
→ ${/^it (exports|does not export) /.test(reason) ? BAD_EXPORTS : BAD_CODE}
To check types and syntax:  npm run types`,
  irreversible: (file: string) => `usage: ${file} cannot be reverted: it exports "down = false"
→ To correct what it did, add another migration:  npm run migrate create <name>`,
  'unknown-migration': (name: string) => `
usage: "${name}" is not a migration, and not a number of migrations (1 or more)
→ ${STATUS_HINT}`,
  'not-applied': (name: string) => `usage: ${name} is not applied, so "down" cannot stop there
→ ${STATUS_HINT}`,
  'base-schema': (place: string, reason: string) => `
usage: the base schema ${place} cannot be loaded: ${reason}
→ Usually it was not written by pg_dump. Write it with:  pg_dump --schema-only --no-owner --no-privileges`,
  'row-without-file': (names: readonly string[]) => `
usage: the migrations table has rows of migrations that have no file here:${list(names)}
→ Usually this version of the project is older (as after a rollback), another branch applied them, or a file was renamed or removed.
Run the command where these files are, or restore them. To go on without them, first revert them where they are:  ${RUN} down
If they belong to another project in this database, set "migrations-table" in .node-pg-migraterc.json.`,
  'out-of-order': (files: readonly string[], last: string) => `
usage: ${last} is applied, but these earlier migrations are not:${list(files)}
→ ${RENUMBER}`,
  'foreign-table': (name: string, reason: string) => `
usage: the migrations table, ${name}, was not made by node-pg-migrate: ${reason}
→ Usually another tool has a table with this name. Set "migrations-table" or "migrations-schema" in .node-pg-migraterc.json.`,
  'plan-writes': (file: string, reason: string) => `
usage: ${file} cannot be planned, because its function itself writes to the database: ${reason}
→ Pass statements that write to pgm.sql(). Use pgm.db only to read.`,

  'not-connected': ({ host, port, database, user }: Address, code: string, reason: string) => `
unavailable: cannot connect to ${placeOf(database, host, port)} as ${user}: ${reason}
→ ${hintFor('connect', code, `role "${user}"`, reason)}`,
  'too-old': (version: string, oldest: number) => `
unavailable: the server is PostgreSQL ${version}; the oldest supported version is ${oldest}
→ Upgrade the server.`,
  'connection-lost': (reason: string) => `
unavailable: the connection to the server was lost: ${reason}
→ ${LOST}`,
  'server-error': (reason: string, sqlstate: string, file?: string) => `
unavailable: ${file === undefined ? '' : `${file}: `}the server reports an error: ${reason}
→ ${hintFor('query', sqlstate, reason)}`,
  problems: (problems: readonly Problem[], database: string) => `
unavailable: database ${database} is not ready:${list(problems.map(({ problem }) => `- ${problem}`))}
→ To solve this (SQL as a superuser or the owner):${list([...new Set(problems.map(({ remedy }) => remedy))])}`,
  'pooled-search-path': (file: string, role: string, path: string) => `
unavailable: ${file} runs outside a transaction, where a connection pooler does not keep search_path: its table names could mean another schema
→ Set search_path on the role:  ALTER ROLE ${role} SET search_path = ${path};
Then let the pooler open new connections to the server (PgBouncer: RECONNECT), and run the command again.`,
  'pooled-session': (file: string, sql: string) => `
unavailable: ${file} changes the session outside a transaction. Behind a connection pooler, other clients would get that session:${excerpt(sql)}
→ Remove the statement, or run this migration with a URL that goes to the server directly.`,
  'run-lock-lost': () => `
unavailable: the connection that held the run lock was lost, or led to another server, so this run stopped before its next commit
→ ${LOST}`,

  'run-lock': (wait: number, holder: string, pid: string) => `
locked: another run did not release the run lock within ${wait} s: ${holder}
→ Usually a deploy is still at work (its session is then "idle in transaction"). Wait for its end, and run the command again; or wait longer:  ${addOption('--lock-wait=600')}
If that deploy no longer runs, end its session:  SELECT pg_terminate_backend(${pid});`,
  'table-lock': (retries: number, reason: string, blockers: readonly Session[]) => `
locked: a table lock could not be acquired in ${plural(retries + 1, 'attempt')}: ${reason}${blockerLines(blockers)}
→ Usually a long transaction of the application or a backup holds it. Wait for its end, and run the command again;
or wait longer for each lock, which makes others wait as long:  ${addOption('--lock-timeout=10s')}`,
  overtaken: (version: string | null) => `
locked: another run moved the database in the opposite direction: it is now ${atVersion(version)}
→ Usually deploys of two versions run at the same time. ${STATUS_HINT}`,

  'migration-failed': (
    file: string,
    message: string,
    sqlstate: string,
    more: readonly string[],
    sql = '',
    // Only the beginning: on many megabytes, a pattern would take long.
    hint = hintFor('migration', sqlstate, message, sql.slice(0, 1000)),
  ) => {
    const code = sqlstate && ` (SQLSTATE ${sqlstate})`;
    const notes = list(more.flatMap((text) => text.split('\n')));
    const statement = sql && `\nin the statement:${excerpt(sql)}`;
    return `failed: ${file} failed: ${message}${code}${notes}${statement}\n→ ${hint}`;
  },
  'controls-transaction': (file: string, sql: string) => `
failed: ${file} would begin or end a transaction, before the run has checked the schema:${excerpt(sql)}
→ ${NO_CONTROL}`,
  'table-changed': (reason: string) => `
failed: the migrations table was changed during the run: ${reason}
→ Usually a migration changes it itself. Remove those statements: the framework records each migration.`,
  'late-statement': (sql: string) => `
failed: a statement came after its migration had ended:${excerpt(sql)}
→ ${NOT_AWAITED}`,
  uncaught: (reason: string) => `failed: a migration threw an error that nothing catches: ${reason}
→ ${NOT_AWAITED}`,
  interrupted: (signal: string) => `
failed: stopped by ${signal}; what was not committed is rolled back
→ ${STATUS_HINT}`,
  'left-transaction': (file: string) => `
partial: ${file} ended the transaction of the run, or began one and did not end it, so some of its statements may be committed without a check
→ ${NO_CONTROL}
See whether the schema is as expected:  ${RUN} check`,
  internal: (reason: string) => `error: this program has a defect: ${reason}
→ Please report it, with the output of the same command and --verbose.`,

  'in-the-way': (file: string, message: string) => `
differs: ${file} failed: ${message}
What the migrations create is there already, with another definition
→ ${UP_DIFFERS}
If the database is a copy without the rows of the migrations table, change nothing: copy these rows, too.`,
  differs: (version: string | null, direction: Direction) => `
differs: the schema is not what is expected ${atVersion(version)}
→ ${direction === 'up' ? UP_DIFFERS : DOWN_DIFFERS}`,
  drift: (version: string | null) => `
differs: the schema is not what is expected ${atVersion(version)}
→ ${version === null ? EMPTY_DRIFTS : DRIFTS}`,

  'data-loss': (losses: readonly Loss[]) => `
data-loss: this would delete data:${list(losses.map(lossText))}
→ If you want that, save the data first (pg_dump), and add to the command:  ${addOption('--allow-data-loss')}
The list does not contain what a migration removes with DELETE, TRUNCATE, UPDATE or ALTER … TYPE.`,
  'data-loss-unseen': (tables: readonly string[], reason: string) => `
data-loss: this may delete data that the role cannot read (${reason}):${list(tables)}
→ Run the command as a role that may read these tables, or add to the command:  ${addOption('--allow-data-loss')}`,
};
