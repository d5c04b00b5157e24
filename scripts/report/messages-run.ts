import type { Difference, Direction, Loss, Problem, Session } from './types.js';
import {
  at,
  blockerLines,
  count,
  differenceLines,
  list,
  lossLines,
  RUN,
  sessionWords,
  type Words,
} from './wording.js';

interface Place {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

const ROLLED_BACK = 'Everything that this run did was rolled back. ';
/** What does not hold once a part of the run is committed. */
const CLAIMS = new RegExp(
  `; nothing was (?:changed|run|written)|Nothing was (?:changed|run)\\. |${ROLLED_BACK}`,
  'g',
);
const STATUS = `See what is applied:  ${RUN} status`;

/** Failures with a server: to reach it, locks, migrations, the check. */
export const runMessages = {
  // The server
  'not-connected': ({ host, port, database, user }: Place, code: string, reason: string): Words => [
    `cannot connect to database ${database} at ${host.includes(':') ? `[${host}]` : host}:${port} as ${user}: ${reason}`,
    connectHints[code] ??
      otherConnectHint(reason, `psql -h ${host} -p ${port} -U ${user} ${database}`),
  ],
  'too-old': (version: string, oldest: number): Words => [
    `the server is PostgreSQL ${version}; the oldest supported version is ${oldest}`,
    'Upgrade the server. Nothing was run.',
  ],
  'connection-lost': (reason: string): Words => [
    `the connection to the server was lost: ${reason}`,
    `The server rolls back what was not committed; whether a COMMIT that was on its way arrived is not known. ${STATUS}`,
  ],
  'server-error': (reason: string, sqlstate: string): Words => [
    `the server reports an error: ${reason}`,
    `Nothing was changed. ${serverHints[sqlstate] ?? 'Often a timeout or a limit that is set on the role or the database, such as statement_timeout.'}`,
  ],
  problems: (found: readonly Problem[], database: string): Words => [
    `database ${database} is not ready; nothing was changed:${list(found.map(({ problem }) => `- ${problem}`))}`,
    `To solve this:${list([...new Set(found.map(({ remedy }) => remedy))])}`,
  ],
  'pooled-search-path': (file: string, role: string, path: string): Words => [
    `${file} runs outside a transaction, where unqualified names would mean another schema: the connection pooler does not keep search_path`,
    `Set it on the role, and run the command again:  ALTER ROLE ${role} SET search_path = ${path};`,
  ],
  // Locks
  'run-lock': (wait: number, holder: Session | undefined): Words => [
    `another run holds the run lock, and did not release it within ${wait} s: ${sessionWords(holder)}`,
    `Usually a deploy that is still at work. Run the command again, or wait longer:  --lock-wait=600${holder === undefined ? '' : `\nIf that run is stuck, end it:  SELECT pg_terminate_backend(${holder.pid});`}`,
  ],
  'run-lock-lost': (): Words => [
    'the connection that held the run lock was lost, so this run stopped before its next commit',
    `Usually a pooler or a firewall closed it. ${ROLLED_BACK}${STATUS}`,
  ],
  'table-lock': (retries: number, blockers: readonly Session[]): Words => [
    `a table lock could not be acquired in ${count(retries + 1, 'attempt')}; nothing was changed${blockerLines(blockers)}`,
    'Usually a long transaction of the application, or a backup. Run the command again when it has ended,\nor wait longer for each lock, which makes writers wait as long:  --lock-timeout=10s',
  ],
  overtaken: (version: string | null): Words => [
    `another run has taken the database ${at(version)}, in the opposite direction`,
    `Two people or deploys want different things. ${STATUS}`,
  ],
  // Migrations
  'migration-failed': (
    file: string,
    version: string | null,
    message: string,
    sqlstate: string | undefined,
    more: readonly string[],
    sql: string | undefined,
  ): Words => [
    `${file} failed: ${message}${sqlstate === undefined ? '' : ` (SQLSTATE ${sqlstate})`}${list(more)}${sql === undefined ? '' : `\nin the statement:${list(excerpt(sql))}`}`,
    `${ROLLED_BACK}The database is ${at(version)}. ${migrationHint(sqlstate, message, sql)}`,
  ],
  'controls-transaction': (file: string, word: string): Words => [
    `${file} sends ${word}, which would end the transaction of the run before the check`,
    `${ROLLED_BACK}Remove the statement. A migration that cannot run in a transaction calls pgm.noTransaction() first.`,
  ],
  'left-transaction': (file: string): Words => [
    `${file} ended the transaction of the run, so a part of it may be committed unchecked`,
    `Remove COMMIT and ROLLBACK from it; a migration that cannot run in a transaction calls pgm.noTransaction() first.\nSee whether the schema is still as expected:  ${RUN} check`,
  ],
  'table-changed': (reason: string): Words => [
    `a migration changed the migrations table itself: ${reason}`,
    `${ROLLED_BACK}Remove those statements: the framework records each migration.`,
  ],
  'late-statement': (sql: string): Words => [
    `a statement came after its migration had ended:${list(excerpt(sql))}`,
    `${ROLLED_BACK}Usually an "await" is missing, or forEach() has an async function.`,
  ],
  'never-settles': (): Words => [
    'a migration waits for a promise that nothing will resolve',
    `${ROLLED_BACK}Usually a promise is never resolved, or "done" is never called. ${STATUS}`,
  ],
  'in-the-way': (name: string, message: string, found: readonly Difference[]): Words => [
    `migration ${name} failed, because something that it creates is there already with another definition; nothing was changed\n\n${differenceLines(found)}\n\nPostgreSQL says: ${message}`,
    `Usually the object was made by hand or by an older file. Change it to the expected definition, and run the command again.`,
  ],
  'data-loss': (losses: readonly Loss[]): Words => [
    `this would delete data; nothing was changed:${lossLines(losses)}`,
    `If you want that, save the data first (pg_dump), and allow it:  ${RUN} <command> -- --allow-data-loss`,
  ],
  'data-loss-unseen': (losses: readonly { readonly table: string }[], reason: string): Words => [
    `this may delete data, and the role may not see it (${reason}); nothing was changed:${list(losses.map(({ table }) => table))}`,
    `Run the command as a role that may read these tables, or allow it:  ${RUN} <command> -- --allow-data-loss`,
  ],
  // The check
  differs: (
    version: string | null,
    direction: Direction,
    found: readonly Difference[],
    before: Before,
  ): Words => [
    `the schema is not what ${after(version, direction)} must leave (${count(found.length, 'difference')}); nothing was changed\n\n${differenceLines(found)}`,
    wasThereBefore(found, before)
      ? `Usually a table was made by hand or by an older file. Change what was found to what is expected, and run again:  ${RUN} ${direction}`
      : direction === 'up'
        ? `This run made the difference: the migration and its effect file disagree. Write the effect again, and read the diff:  ${RUN} snapshot`
        : `This run made the difference: the "down" of the migration does not undo all of its "up". Complete it.`,
  ],
  drift: (version: string | null, found: readonly Difference[], isBehind: boolean): Words => [
    `the schema is not what is expected ${at(version)} (${count(found.length, 'difference')})\n\n${differenceLines(found)}`,
    `Usually somebody changed the schema by hand. Change it back; or, to keep the change, make it a migration:  ${RUN} create <name>${isBehind ? `\nIf a run was interrupted, the same command again finishes it:  ${RUN} up` : ''}`,
  ],
  // The command as a whole
  partial: (version: string | null, command: string, message: string, hint: string): Words => [
    `${message.replaceAll(CLAIMS, '')}\nA part of this run is committed: the database is ${at(version)}, and was checked there. Statements outside a transaction stay.`,
    `${hint.replaceAll(CLAIMS, '')}\n${command === 'up' ? 'Then continue' : 'See what is applied before you continue'}:  ${RUN} ${command}`,
  ],
  interrupted: (signal: string, version?: string | null): Words => [
    `stopped by ${signal}; what was not committed was rolled back${version === undefined ? '' : `, and the database is ${at(version)}`}`,
    `${STATUS}`,
  ],
  'snapshot-failed': (file: string, reason: string): Words => [
    `the effects cannot be written: ${file} failed: ${reason}`,
    'Correct the migration, and run the command again. The scratch database is dropped; no file was changed.',
  ],
  'plan-writes': (file: string, reason: string): Words => [
    `${file} writes to the database while it is being planned: ${reason}`,
    'Pass statements that write to pgm.sql(); pgm.db is for reading. This migration has no plan.',
  ],
  internal: (reason: string): Words => [
    `this program has a defect: ${reason}`,
    'What was not committed is rolled back. Please report it, with the output of the same command and --verbose.',
  ],
} as const;

/** The facts of the schema before a run. */
type Before = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Whether the run found the schema so, and did not make it so. */
const wasThereBefore = (found: readonly Difference[], before: Before): boolean => {
  const definitions = new Set([...before.values()].flatMap((parts) => [...parts.values()]));
  return found.some((difference) => difference.found !== null && definitions.has(difference.found));
};

const after = (version: string | null, direction: Direction): string =>
  version === null
    ? 'the run'
    : `${direction === 'up' ? 'migration' : 'the "down" of migration'} ${version}`;

const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'Nothing listens there: the server is not started, or the host or port is wrong. To wait for it:  --connect-wait=30',
  ETIMEDOUT:
    'There was no answer. Often a firewall drops the packets; the port of a pooler is often 6543.',
  ENOTFOUND: 'There is no host of that name. Correct the host in the URL.',
  EAI_AGAIN: 'The name server does not answer. Try again, or correct the host in the URL.',
  ENOENT: 'There is no such socket: the server is not started, or listens elsewhere.',
  '57P03': 'The server is starting or stopping. To wait for it:  --connect-wait=30',
  '28P01':
    'The password or the user is wrong. Correct the URL; in a password, write @ : / as %40 %3A %2F.',
  '28000':
    'The server does not accept this user from here: see pg_hba.conf, and sslmode in the URL.',
  '3D000': 'There is no database of that name. Correct the URL, or create the database.',
  '53300': 'The server has no free connection. Try again later, or connect through the pooler.',
};

function otherConnectHint(reason: string, psql: string): string {
  if (reason.includes('password must be a'))
    return 'The server asks for a password: put it into the URL, PGPASSWORD or ~/.pgpass.';
  if (/SSL|TLS|certificate|self.signed/i.test(reason))
    return 'sslmode in the URL decides: require encrypts, verify-full also verifies (sslrootcert names the authority), disable does neither.';
  return `See whether the server answers:  ${psql}`;
}

const UP_FIRST = `If a migration reads what an earlier one creates, apply that one first:  ${RUN} up 1`;
const serverHints: Readonly<Record<string, string>> = {
  '42P01': UP_FIRST,
  '42703': UP_FIRST,
  '42704': UP_FIRST,
  '42883': UP_FIRST,
  '42501': 'Grant the privilege, or connect as a role that has it ("snapshot" needs CREATEDB).',
  '25006':
    'Transactions are read-only here. Connect as a role that may write, or to the primary server.',
};

/** What to do after a migration failed with one of these SQLSTATEs. */
function migrationHint(sqlstate: string | undefined, message: string, sql = ''): string {
  const alone = `The statement cannot run in the transaction of an earlier one. Apply the migrations one at a time:  ${RUN} up 1`;
  if (sqlstate === '55P04')
    return `${alone}\nor let the earlier migration call pgm.noTransaction().`;
  if (sqlstate === '55006') return alone;
  if (sqlstate === '25001')
    return 'Call pgm.noTransaction() first in this migration: the statement cannot run in a transaction.';
  if (sqlstate === '23505' && /CONCURRENTLY/i.test(sql))
    return 'Correct the duplicate rows. The failed build leaves an INVALID index: let the migration drop it first, as 0005 does.';
  const table =
    /relation "([^"]+)"|table "([^"]+)"/
      .exec(message)
      ?.slice(1)
      .find((name) => name !== undefined) ?? '<table>';
  if (sqlstate === '23514')
    return `Find the rows, and correct them:  SELECT * FROM ${table} WHERE NOT (<the check>);`;
  if (sqlstate === '23503')
    return `Find the rows, and correct them:  SELECT * FROM ${table} t WHERE NOT EXISTS (SELECT FROM <other> o WHERE o.<key> = t.<column>);`;
  return `See what would run:  ${RUN} plan`;
}

/** The first lines of a statement. */
const excerpt = (sql: string): string[] => {
  const lines = sql.split('\n');
  return lines.length > 12 ? [...lines.slice(0, 12), `… (${lines.length - 12} more lines)`] : lines;
};
