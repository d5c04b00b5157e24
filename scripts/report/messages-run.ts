import type { Difference } from '../schema/compare.js';
import type { Loss, Obstacle, Session } from './events.js';
import { blockerLines, differenceLines, holderWords, lossLines } from './words.js';
import { at, list, RUN, type Words } from './wording.js';

interface Place {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

const UNTOUCHED = '; nothing was changed';
const ROLLED_BACK = 'Everything of this run was rolled back; ';
/** Claims that do not hold once a part of the run is committed. */
const CLAIMS = new RegExp(`; nothing was (?:changed|run|written)|Nothing was (?:changed|run)\\. |${ROLLED_BACK}`, 'g');

/** Failures with a server: reaching it, locks, migrations, the check. */
export const runMessages = {
  // The server
  'not-connected': ({ host, port, database, user }: Place, code: string, reason: string): Words => [
    `no connection to database ${database} at ${host.includes(':') ? `[${host}]` : host}:${port} as ${user}: ${reason}`,
    connectHints[code] ??
      (/password must be a/.test(reason)
        ? 'The server asks for a password, and there is none: put it into the URL, PGPASSWORD or ~/.pgpass.'
        : /SSL|TLS|certificate|self.signed/i.test(reason)
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
  'server-error': (reason: string, sqlstate: string): Words => [
    `the server refused what this program asked it: ${reason}`,
    `Nothing was changed. ${
      /^42(?:P01|703|704|883)$/.test(sqlstate) // Something does not exist.
        ? `Where a migration reads (pgm.db) what one before it makes, no plan can be made of both: apply that one first:  ${RUN} up 1`
        : (serverHints[sqlstate] ??
          'Often a timeout or a limit that is set on the role or the database (statement_timeout).')
    }`,
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
  'run-lock': (wait: number, holder: Session | undefined): Words => [
    `another run holds the run lock, and did not let go within ${wait} s: ${holderWords(holder)}`,
    holder === undefined
      ? 'Run the command again.'
      : `Usually a deploy that is still at work: wait longer with --lock-wait=600. If it is stuck, end it:  SELECT pg_terminate_backend(${holder.pid});`,
  ],
  'table-lock': (retries: number, blockers: readonly Session[]): Words => [
    `a table lock could not be had${retries > 0 ? ` in ${retries + 1} attempts` : ''}; all was rolled back${blockerLines(blockers)}`,
    'Usually a long transaction of the application, or a backup. Run it again when that is over;\nor wait longer for each lock, which makes writers wait as long:  --lock-timeout=10s',
  ],
  'partial-locked': (version: string | null, command: string, retries: number, blockers: readonly Session[]): Words => [
    `a table lock could not be had in ${retries + 1} attempts; the database is ${at(version)}, checked${blockerLines(blockers)}`,
    `What is committed stays. When the lock is free, ${command === 'status' ? 'see what is left' : 'go on'}:  ${RUN} ${command}`,
  ],
  overtaken: (version: string | null): Words => [
    `another run took the database elsewhere between two attempts of this one: it is ${at(version)} now`,
    `Two people or deploys want different things. See where it is, and decide:  ${RUN} status`,
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
    `${ROLLED_BACK}the database is ${at(version)}. See what would run:  ${RUN} plan`,
  ],
  misfit: (name: string, message: string, found: readonly Difference[]): Words => [
    `what is there already does not fit migration ${name} (${found.length} ${found.length === 1 ? 'difference' : 'differences'})${UNTOUCHED}\n\n${differenceLines(found)}\n\nPostgreSQL said: ${message}`,
    'Most often the table was made by hand or by an older file before this project knew it. Values are never converted\nhere: bring it into the expected shape, and run the command again.',
  ],
  differs: (version: string | null, direction: string, found: readonly Difference[]): Words => [
    `the schema is not what ${version === null ? 'an empty ledger' : `migration ${version}`} leaves behind${direction === 'up' ? '' : ' when it is reverted'} (${found.length} ${found.length === 1 ? 'difference' : 'differences'})${UNTOUCHED}\n\n${differenceLines(found)}`,
    `Most often the table was made by hand or by an older file before this project knew it.\nBring it into the shape that migrations/schema says, and run it again:  ${RUN} ${direction}`,
  ],
  drift: (version: string | null, found: readonly Difference[], isBehind: boolean): Words => [
    `the schema is not what ${version === null ? 'an empty ledger' : `migration ${version}`} leaves behind (${found.length} ${found.length === 1 ? 'difference' : 'differences'})\n\n${differenceLines(found)}`,
    `Most often somebody changed the schema by hand, or restored a part of it. Put it back;\nor, if the change is meant to stay, give it a migration:  ${RUN} create <name>${isBehind ? `\nWhere a run was killed or lost its server in the middle, the next one mends it:  ${RUN} up` : ''}`,
  ],
  'controls-transaction': (file: string, word: string): Words => [
    `${file} says ${word}, but the transaction is not its own: nothing may be committed before it is checked`,
    `${ROLLED_BACK}take it out. What cannot run in a transaction begins with pgm.noTransaction().`,
  ],
  'ledger-rewritten': (table: string, unexpected: readonly string[], missing: readonly string[]): Words => [
    `a migration wrote to the migrations table ${table} itself:${list([...unexpected.map((name) => `${name} is there, and should not be`), ...missing.map((name) => `${name} is not there`)])}`,
    `${ROLLED_BACK}leave its rows to the run, which writes them down with each migration. Take those statements out.`,
  ],
  'late-statement': (statement: string): Words => [
    `a statement came after its migration was over, when the schema was being checked already:${list(excerpt(statement))}`,
    `${ROLLED_BACK}look for a missing \`await\`, or a forEach() with an async function, which nobody waits for.`,
  ],
  'never-settles': (): Words => [
    'a migration waits for something that never comes, so that nothing was left to do',
    `What was not committed is rolled back. Look for a promise that is never resolved, or a \`done\` that is never called,\nand see where the database is:  ${RUN} status`,
  ],
  'left-transaction': (file: string): Words => [
    `${file} ended the transaction that it ran in, so that a part of it is committed unchecked`,
    `Take COMMIT and ROLLBACK out of it; what cannot run in a transaction begins with pgm.noTransaction(). See where the database is:  ${RUN} check`,
  ],
  partial: (version: string | null, command: string, message: string, hint: string): Words => [
    `${message.replaceAll(CLAIMS, '')}\nA part of the run is committed: the database is ${at(version)}, which was checked; what a migration did outside a transaction stays.`,
    `${capital(hint.replaceAll(CLAIMS, ''))}\n${command === 'status' ? 'See what is done before you go on' : 'Then go on from there'}:  ${RUN} ${command}`,
  ],
  'data-loss': (losses: readonly Loss[]): Words => [
    `this would delete data; nothing was changed:${lossLines(losses)}`,
    `If that is what you want, save it first (pg_dump), and say so:  ${RUN} <command> -- --allow-data-loss`,
  ],
  interrupted: (signal: string, version?: string | null): Words => [
    version === undefined
      ? `stopped by ${signal}; nothing was changed`
      : `stopped by ${signal}; what was not committed was rolled back, and the database is ${at(version)}`,
    `See what is done before you go on:  ${RUN} status`,
  ],
  'not-written': (file: string, code: string): Words => [
    `${file} cannot be written: ${code}`,
    'Usually the folder or the file belongs to somebody else, is mounted read-only, or the disk is full.',
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
} as const;

const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'Nothing listens there: the server is not started, or host or port are wrong. Wait for one that is starting with --connect-wait=30.',
  ETIMEDOUT: 'No answer came. A firewall often drops packets in silence; the port of a pooler is often 6543.',
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

const serverHints: Readonly<Record<string, string>> = {
  '42501': 'The role lacks that privilege: grant it, or come as one that has it ("snapshot" needs CREATEDB).',
  '25006': 'Transactions are read-only here: come as a role that may write, or to the primary.',
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The first lines of a statement. */
const excerpt = (statement: string): string[] => {
  const lines = statement.split('\n');
  return lines.length > 12 ? [...lines.slice(0, 12), `… (${lines.length - 12} more lines)`] : lines;
};
