import type { Loss } from '../database/data-loss.js';
import type { Holder } from '../database/run-lock.js';
import type { Blocker } from '../database/watch.js';
import type { Obstacle } from '../preflight.js';
import type { Difference } from '../schema/compare.js';
import { blockerLines, differenceLines, holderWords, lossLines } from './words.js';

/** The words of a failure: what happened and where; then why that usually is, and what to type next. */
type Words = readonly [message: string, hint: string];
interface Place {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

const RUN = 'npm run migrate';
const HELP = `See the commands and options:  ${RUN} help`;
const suggest = (word: string | undefined): string => (word === undefined ? '' : `; did you mean "${word}"?`);
const at = (version: string | null): string => (version === null ? 'before the first migration' : `at ${version}`);
const list = (items: readonly string[]): string => items.map((item) => `\n  ${item}`).join('');
const denied = (code: string): string =>
  code === 'EACCES'
    ? 'it may not be read (permission denied)'
    : code === 'ENOENT'
      ? 'it does not exist'
      : `it cannot be read (${code})`;

/** All failures by their code, a stable name. Pure: values in, words out. */
export const messages = {
  // The command line
  'no-command': (): Words => ['no command was given', HELP],
  'unknown-command': (name: string, near?: string): Words => [`there is no command "${name}"${suggest(near)}`, HELP],
  'unknown-option': (name: string, near?: string): Words => [
    `there is no option "${name}"${suggest(near && `--${near}`)}; nothing was run`,
    HELP,
  ],
  'swallowed-option': (name: string, near?: string): Words => [
    `npm kept the option "${name}" for itself, and there is none of that name${suggest(near && `--${near}`)}; nothing was run`,
    `Options after a second -- reach the program as they are:  ${RUN} -- up --dry-run`,
  ],
  'swallowed-word': (name: string, word: string): Words => [
    `npm took "${word}" for the value of --${name}, so that it did not arrive as a word; nothing was run`,
    `Put options after --, and words before it:  ${RUN} <command> ${word} -- --${name}`,
  ],
  'flag-value': (name: string, value: string): Words => [`--${name} takes no value, but was given "${value}"`, HELP],
  'no-value': (name: string): Words => [
    `--${name} needs a value`,
    `For example:  --${name}=${name.endsWith('timeout') ? '5s' : '5'}`,
  ],
  'bad-number': (name: string, value: string, kind: string): Words => [
    `--${name} takes a number${kind === 'seconds' ? ' of seconds' : ''}, and "${value}" is none`,
    `For example:  --${name}=5`,
  ],
  'bad-duration': (name: string, value: string): Words => [
    `--${name} takes a duration with its unit (ms, s, min, h) or "none", and "${value}" is neither`,
    `For example:  --${name}=5s`,
  ],
  'bad-count': (command: string, value: string): Words => [
    `"${value}" is no count of migrations: it takes a whole number from 1`,
    `For example:  ${RUN} ${command} 1`,
  ],
  surplus: (command: string, word: string): Words => [`"${command}" has no use for "${word}"; nothing was run`, HELP],
  'no-name': (): Words => ['a new migration needs a name', `For example:  ${RUN} create add-workflow-tags`],
  'bad-name': (name: string): Words => [
    `"${name}" is no name for a migration: it takes letters, digits and hyphens`,
    `For example:  ${RUN} create add-workflow-tags`,
  ],
  // The project
  'settings-missing': (root: string): Words => [
    `there is no .node-pg-migraterc.json in ${root}`,
    'Run the command in the folder that holds package.json.',
  ],
  'settings-broken': (file: string, reason: string, place: string): Words => [
    `${file}${place} is not valid: ${reason}`,
    'Usually a comma or a quote too many or too few. Mend the file, and run the command again.',
  ],
  'settings-key': (key: string, near?: string): Words => [
    `.node-pg-migraterc.json has an unknown key "${key}"${suggest(near)}`,
    'A key that is not understood is not passed over: correct or remove it.',
  ],
  'settings-value': (key: string, kind: string): Words => [
    `.node-pg-migraterc.json: "${key}" has to be a ${kind === 'boolean' ? 'true or false' : 'text that is not empty'}`,
    'Mend the file, and run the command again.',
  ],
  'no-database': (variable: string): Words => [
    `no database was named: neither ${variable} nor PGHOST is set`,
    `Set it in the environment or in .env, and nothing is guessed:  ${variable}=postgres://user:password@host:5432/database\nA database to play with:  npm run db`,
  ],
  'bad-url': (variable: string, reason: string): Words => [
    `${variable} cannot be read: ${reason}`,
    `It has this form:  postgres://user:password@host:5432/database\nCharacters such as @ : / in the password are written %40 %3A %2F.`,
  ],
  'no-migrations': (dir: string, code: string): Words => [
    `the folder ${dir} cannot be read: ${code === 'ENOTDIR' ? 'it is not a folder' : denied(code)}`,
    'Its name is "migrations-dir" in .node-pg-migraterc.json.',
  ],
  'duplicate-number': (a: string, b: string): Words => [
    `two migrations have one number: ${a} and ${b}`,
    'Usually two branches added one each. Give the one that is not yet applied anywhere the next number, and its effect file too.',
  ],
  'effect-missing': (file: string, code: string): Words => [
    `the effect file ${file} cannot be had: ${code === 'EISDIR' ? 'it is a folder' : denied(code)}`,
    `Each migration has one. Write it with:  ${RUN} snapshot`,
  ],
  'effect-broken': (file: string, reason: string, place: string): Words => [
    `${file}${place} is not valid JSON: ${reason}`,
    `Mend it, or write it anew from what the migration does:  ${RUN} snapshot`,
  ],
  'effect-form': (file: string, place: string, what: string): Words => [
    `${file}: ${place} ${what}`,
    `Mend it, or write it anew from what the migration does:  ${RUN} snapshot`,
  ],
  'effect-contradiction': (file: string, object: string, what: string): Words => [
    `${file} contradicts the effects before it: ${object} ${what}`,
    `Mend it, or write it anew from what the migration does:  ${RUN} snapshot`,
  ],
  'migration-broken': (file: string, reason: string): Words => [
    `${file} cannot be loaded: ${reason}`,
    'Nothing was run. Types and syntax are checked by:  npm run types',
  ],
  'migration-no-up': (file: string): Words => [
    `${file} exports no function "up"`,
    'Nothing was run. Write:  export function up(pgm: MigrationBuilder): void { … }',
  ],
  'migration-no-down': (file: string): Words => [
    `${file} exports no function "down"`,
    'Nothing was run; a down is never inferred. Write one, or say that there is none:  export const down = false;',
  ],
  'migration-irreversible': (file: string): Words => [
    `${file} cannot be reverted: it says "down = false"`,
    'Nothing was run. Go on with a new migration that repairs what has to be repaired.',
  ],
  'unknown-migration': (name: string, near?: string): Words => [
    `there is no migration "${name}"${suggest(near)}`,
    `See them all:  ${RUN} status`,
  ],
  'not-applied': (name: string): Words => [
    `${name} is not applied, so there is no going down to it`,
    `See what is applied:  ${RUN} status`,
  ],
  // The ledger
  'ledger-without-file': (names: readonly string[], table: string): Words => [
    `the migrations table ${table} has rows without a file:${list(names)}`,
    'Usually the files are on a branch that is not merged, or were renamed. Check out the version that applied them; the database is ahead of these files.',
  ],
  'ledger-twice': (name: string, table: string): Words => [
    `the migrations table ${table} has ${name} twice`,
    'Somebody edited the table by hand. Find out what was done, and delete one of the rows.',
  ],
  'ledger-order': (files: readonly string[], last: string): Words => [
    `not applied, but before ${last}, which is:${list(files)}`,
    'Usually a branch with an older number was merged late. Give it the next number (migration and effect file), and run the command again.',
  ],
  'effect-edited': (files: readonly string[]): Words => [
    `edited after the migration was applied to this database:${list(files)}`,
    'What a database was checked against is the record. Undo the edit (git log shows it), and put the change into a new migration.',
  ],
  'ledger-denied': (table: string): Words => [
    `the role may not read the migrations table ${table}`,
    `Let the owner type:  GRANT SELECT ON ${table} TO <role>;`,
  ],
  // The server
  'not-connected': ({ host, port, database, user }: Place, code: string, reason: string): Words => [
    `no connection to database ${database} at ${host}:${port} as ${user}: ${reason}`,
    connectHints[code] ??
      (/SSL|TLS|certificate|self.signed/i.test(reason)
        ? 'TLS is set by sslmode in the URL: require encrypts, verify-full also verifies the certificate (sslrootcert=file names the authority), disable does neither.'
        : `See whether it answers:  psql -h ${host} -p ${port} -U ${user} ${database}`),
  ],
  'too-old': (version: string, oldest: number): Words => [
    `the server is PostgreSQL ${version}; ${oldest} is the oldest that is supported`,
    'Upgrade the server. Nothing was run.',
  ],
  'connection-lost': (reason: string): Words => [
    `the connection to the server was lost: ${reason}`,
    `What was not committed is rolled back by the server. See where the database is, and run the command again:  ${RUN} status`,
  ],
  'server-error': (reason: string): Words => [
    `the server refused what this program asked it: ${reason}`,
    'Nothing was changed. Often a timeout or a limit that is set on the role or the database (statement_timeout).',
  ],
  'run-lock-lost': (): Words => [
    'the connection that held the run lock was lost, so this run stopped before its commit',
    `Usually a pooler or firewall closed it, or somebody ended it. Run the command again:  ${RUN} status`,
  ],
  obstacles: (found: readonly Obstacle[], database: string): Words => [
    `database ${database} is not ready; nothing was written:${found.map(({ problem }) => `\n  - ${problem}`).join('')}`,
    `What mends it:${[...new Set(found.map(({ remedy }) => remedy))].map((remedy) => `\n  ${remedy}`).join('')}`,
  ],
  // Locks
  'run-lock': (wait: number, holder: Holder | undefined): Words => [
    `another run holds the run lock, and did not let go within ${wait} s: ${holderWords(holder)}`,
    `Usually a deploy that is still at work: wait longer with --lock-wait=600. If it is stuck, end it:  SELECT pg_terminate_backend(${holder?.pid ?? 'pid'});`,
  ],
  'table-lock': (retries: number, blockers: readonly Blocker[]): Words => [
    `a table lock could not be had${retries > 0 ? ` in ${retries + 1} attempts` : ''}; all was rolled back${blockerLines(blockers)}`,
    'Usually a long transaction of the application, or a backup. Run it again when that is over;\nor wait longer for each lock, which makes writers wait as long:  --lock-timeout=10s',
  ],
  'partial-locked': (version: string | null, command: string, retries: number, blockers: readonly Blocker[]): Words => [
    `a table lock could not be had in ${retries + 1} attempts; the database is ${at(version)}, checked${blockerLines(blockers)}`,
    `What is committed stays. When the lock is free, go on:  ${RUN} ${command}`,
  ],
  // Migrations and the check
  'migration-failed': (
    file: string,
    version: string | null,
    message: string,
    sqlstate: string | undefined,
    more: readonly string[],
    statement: string | undefined,
  ): Words => [
    `${file} failed: ${message}${sqlstate === undefined ? '' : ` (SQLSTATE ${sqlstate})`}${list(more)}${statement === undefined ? '' : `\nin:${list(excerpt(statement))}`}`,
    `Everything of this run was rolled back; the database is ${at(version)}. See what would run:  ${RUN} plan`,
  ],
  misfit: (name: string, message: string, found: readonly Difference[]): Words => [
    `what is there already does not fit migration ${name} (${found.length} ${found.length === 1 ? 'difference' : 'differences'}); nothing was changed\n\n${differenceLines(found)}\n\nPostgreSQL said: ${message}`,
    'Most often the table was made by hand or by an older file before this project knew it. Values are never converted\nhere: bring it into the expected shape, and run the command again.',
  ],
  differs: (version: string | null, direction: string, found: readonly Difference[]): Words => [
    `the schema is not what ${version === null ? 'an empty ledger' : `migration ${version}`} leaves behind${direction === 'up' ? '' : ' when it is reverted'} (${found.length} ${found.length === 1 ? 'difference' : 'differences'}); nothing was changed\n\n${differenceLines(found)}`,
    `Most often the table was made by hand or by an older file before this project knew it.\nBring it into the expected shape, or see it in full:  ${RUN} check`,
  ],
  drift: (version: string | null, found: readonly Difference[]): Words => [
    `the schema is not what ${version === null ? 'an empty ledger' : `migration ${version}`} leaves behind (${found.length} ${found.length === 1 ? 'difference' : 'differences'})\n\n${differenceLines(found)}`,
    `Most often somebody changed the schema by hand, or restored a part of it. Put it back;\nor, if the change is meant to stay, give it a migration:  ${RUN} create <name>`,
  ],
  'not-committed': (): Words => [
    'the transaction was rolled back by the server at its commit, since a statement in it had failed',
    'A migration caught an error of a statement. Let it fail, or use a savepoint.',
  ],
  'left-transaction': (file: string): Words => [
    `${file} ended the transaction that it ran in, so that a part of it is committed unchecked`,
    `Take COMMIT and ROLLBACK out of it; what cannot run in a transaction begins with pgm.noTransaction(). See where the database is:  ${RUN} check`,
  ],
  partial: (version: string | null, command: string, message: string, hint: string): Words => [
    `${message}\nA part of the run was committed before: the database is ${at(version)}, checked.`,
    `${hint}\nThen go on from there:  ${RUN} ${command}`,
  ],
  'data-loss': (losses: readonly Loss[]): Words => [
    `this would delete data; nothing was changed:${lossLines(losses)}`,
    `If that is what you want, save it first (pg_dump), and say so:  ${RUN} <command> -- --allow-data-loss`,
  ],
  interrupted: (signal: string, version: string | null): Words => [
    `stopped by ${signal}; what was not committed was rolled back, and the database is ${at(version)}`,
    `Go on whenever you like:  ${RUN} status`,
  ],
  'file-exists': (file: string): Words => [`${file} is there already`, 'Choose another name.'],
  'snapshot-failed': (file: string, reason: string): Words => [
    `the effects could not be taken: ${file}: ${reason}`,
    'Mend the migration, and run it again. The database made for it is gone.',
  ],
  'plan-writes': (file: string, reason: string): Words => [
    `${file} writes while it is being planned: ${reason}`,
    'A migration hands its statements to pgm; pgm.db is for looking. Its plan cannot be told.',
  ],
  internal: (reason: string): Words => [
    `this program has a defect: ${reason}`,
    'Nothing of the run was committed after that. Report it with the output of the same command and --verbose.',
  ],
} as const satisfies Record<string, (...values: never[]) => Words>;

export type MessageCode = keyof typeof messages;

const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'Nothing listens there: the server is not started, or host or port are wrong. Wait for one that is starting with --connect-wait=30.',
  ENOTFOUND: 'There is no host of that name. Correct the host in the URL.',
  EAI_AGAIN: 'The host name cannot be looked up at the moment. Correct the host in the URL, or see to the name server.',
  ENOENT: 'There is no socket of that name: the server is not started, or listens elsewhere.',
  '57P03': 'The server is starting or stopping. Wait for it with --connect-wait=30.',
  '28P01':
    'The password is wrong, or the user. Correct them in the URL; characters such as @ : / are written %40 %3A %2F.',
  '28000': 'The server does not let this user in from here: see pg_hba.conf, and sslmode in the URL.',
  '3D000': 'There is no database of that name. Correct it in the URL, or let somebody create it.',
  '53300': 'The server has no connection to spare. Try again when it has, or connect through the pooler.',
};

/** The first lines of a statement. */
const excerpt = (statement: string): string[] => {
  const lines = statement.split('\n');
  return lines.length > 12 ? [...lines.slice(0, 12), `… (${lines.length - 12} more lines)`] : lines;
};
