import { hintFor } from './hints.ts';
import type { Difference, Direction, Loss, Problem, Session } from './types.ts';
import { atVersion, blockerLines, differenceLines, list, lossText, plural } from './wording.ts';
import { RUN, sessionText, STATUS } from './wording.ts';

type Address = Readonly<Record<'host' | 'database' | 'user', string>> & { readonly port: number };

const NO_TRANSACTION =
  'A migration that cannot run in a transaction calls pgm.noTransaction() first.';
const UP_DIFFERS = `Usually a table or an index of the same name was there before. Change it to what is expected, or rename it, and run again.
If you have just edited the migration, write its effect again, and read the diff:  npm run migrate snapshot`;
const DOWN_DIFFERS = `Usually "down" does not undo all that "up" does, or somebody changed the schema by hand.
Complete "down", or change that back, and run the same command again.`;
const EMPTY_DRIFTS =
  'Usually the URL names another database, or the base schema of the application is not loaded, or was changed. Correct the URL, or the base schema.';
const DRIFTS = `Usually somebody changed the schema or an effect file by hand. Change it back; or, to keep the change:  npm run migrate create <name>`;
const INTERRUPTED = `If a run was interrupted, complete it:  ${RUN} up`;
const EDITED = `If you edited the last migration, apply it again:  ${RUN} redo`;

/** The beginning of a statement, which may be many megabytes long. */
const excerpt = (sql: string) => {
  const lines = sql.slice(0, 1000).split('\n').slice(0, 12);
  return list(lines.join('\n') === sql ? lines : [...lines, '…']);
};

/** The texts of failures that occur while the program uses a server. */
export const runMessages = {
  'not-connected': ({ host, port, database, user }: Address, code: string, reason: string) => `
unavailable: cannot connect to database ${database} at ${host.includes(':') ? `[${host}]` : host}:${port} as ${user}: ${reason}
→ ${hintFor('connect', code, reason).replace('<role>', `"${user}"`) || `See whether the server answers:  psql -h ${host} -p ${port} -U ${user} ${database}`}`,
  'too-old': (version: string, oldest: number) => `
unavailable: the server is PostgreSQL ${version}; the oldest supported version is ${oldest}
→ Upgrade the server.`,
  'connection-lost': (reason: string) => `
unavailable: the connection to the server was lost: ${reason}
→ Usually the server was restarted, or a firewall or a pooler closed the connection (a run needs two connections at a time). ${STATUS}`,
  'server-error': (reason: string, sqlstate: string, file?: string) => `
unavailable: ${file === undefined ? '' : `${file}: `}the server reports an error: ${reason}
→ ${hintFor('query', sqlstate)}`,
  problems: (found: readonly Problem[], database: string) => `
unavailable: database ${database} is not ready:${list(found.map(({ problem }) => `- ${problem}`))}
→ To solve this:${list([...new Set(found.map(({ remedy }) => remedy))])}`,
  'pooled-search-path': (file: string, role: string, path: string) => `
unavailable: ${file} runs outside a transaction, where a connection pooler does not keep search_path: its table names could mean another schema
→ Set search_path on the role:  ALTER ROLE ${role} SET search_path = ${path};
Then let the pooler open new connections to the server (PgBouncer: RECONNECT), and run the command again.`,
  'pooled-session': (file: string, sql: string) => `
unavailable: ${file} changes the session outside a transaction. Behind a connection pooler, other clients would get that session:${excerpt(sql)}
→ Remove the statement, or run this migration with a URL that goes to the server directly.`,
  'run-lock-lost': () => `
unavailable: the connection that held the run lock was lost, so this run stopped before its next commit
→ Usually a pooler or a firewall closed the connection. ${STATUS}`,

  'run-lock': (wait: number, holder: Session | undefined) => `
locked: another run did not release the run lock within ${wait} s: ${sessionText(holder)}
→ Usually a deploy is still at work (its session is then "idle in transaction"). Run the command again, or wait longer:  --lock-wait=600
If that deploy no longer runs, end its session:  SELECT pg_terminate_backend(${holder?.pid ?? '<pid>'});`,
  'table-lock': (retries: number, reason: string, blockers: readonly Session[]) => `
locked: a table lock could not be acquired in ${plural(retries + 1, 'attempt')}: ${reason}${blockerLines(blockers)}
→ Usually a long transaction of the application or a backup holds it. Run the command again when that has ended,
or wait longer for each lock, which makes others wait as long:  --lock-timeout=10s`,
  overtaken: (version: string | null) => `
locked: another run moved the database in the opposite direction: it is now ${atVersion(version)}
→ Usually deploys of two versions run at the same time. ${STATUS}`,

  'migration-failed': (
    file: string,
    message: string,
    sqlstate: string,
    more: readonly string[],
    sql = '',
    hint = hintFor('migration', sqlstate, message, sql),
  ) => `
failed: ${file} failed: ${message}${sqlstate && ` (SQLSTATE ${sqlstate})`}${list(more.flatMap((text) => text.split('\n')))}${sql && `\nin the statement:${excerpt(sql)}`}
→ ${hint}`,
  'controls-transaction': (file: string, sql: string) => `
failed: ${file} would begin or end a transaction, before the run has checked the schema:${excerpt(sql)}
→ Remove BEGIN, COMMIT and ROLLBACK from it. ${NO_TRANSACTION}`,
  'table-changed': (reason: string) => `
failed: the migrations table was changed during the run: ${reason}
→ Usually a migration changes it itself. Remove those statements: the framework records each migration.`,
  'late-statement': (sql: string) => `
failed: a statement came after its migration had ended:${excerpt(sql)}
→ Usually an "await" is missing, or forEach() has an async function. Await every statement.`,
  uncaught: (reason: string) => `failed: a migration threw an error that nothing catches: ${reason}
→ Usually it comes from a callback or a promise that the migration does not await. Await it.`,
  interrupted: (signal: string) => `
failed: stopped by ${signal}; what was not committed is rolled back
→ ${STATUS}`,
  'left-transaction': (file: string) => `
partial: ${file} ended the transaction of the run, or began one and did not end it, so some of its statements may be committed without a check
→ Remove BEGIN, COMMIT and ROLLBACK from the migration. ${NO_TRANSACTION}
See whether the schema is as expected:  ${RUN} check`,
  internal: (reason: string) => `error: this program has a defect: ${reason}
→ Please report it, with the output of the same command and --verbose.`,

  'in-the-way': (name: string, message: string, found: readonly Difference[]) => `
differs: migration ${name} failed, and what it creates is there already with another definition

${differenceLines(found)}

PostgreSQL says: ${message}
→ Usually that is the cause: it was made by hand or by another program. Change it to what is expected, or rename it, and run again.`,
  differs: (version: string | null, direction: Direction, found: readonly Difference[]) => `
differs: the schema is not what ${version === null ? 'is expected before the first migration' : `${direction === 'up' ? 'migration' : 'the "down" of'} ${version} must leave`} (${plural(found.length, 'difference')})

${differenceLines(found)}
→ ${direction === 'up' ? UP_DIFFERS : DOWN_DIFFERS}`,
  drift: (version: string | null, hasPending: boolean, found: readonly Difference[]) => `
differs: the schema is not what is expected ${atVersion(version)} (${plural(found.length, 'difference')})

${differenceLines(found)}
→ ${version === null ? EMPTY_DRIFTS : `${DRIFTS}\n${hasPending ? INTERRUPTED : EDITED}`}`,

  'data-loss': (losses: readonly Loss[]) => `
data-loss: this would delete data:${list(losses.map(lossText))}
→ If you want that, save the data first (pg_dump), and add to the command:  --allow-data-loss`,
  'data-loss-unseen': (tables: readonly string[], reason: string) => `
data-loss: this may delete data that the role may not read (${reason}):${list(tables)}
→ Run the command as a role that may read these tables, or add to the command:  --allow-data-loss`,
};

export const STOPPED_IN_COMMIT =
  'The run stopped during COMMIT: it is unknown whether the server committed.';

/** Says what a failed run has left in the database. */
export function leftBehind(version: string | null, hasCommitted: boolean, wroteOutside: boolean) {
  if (!hasCommitted && !wroteOutside) return 'Nothing was changed.';
  const state = hasCommitted
    ? `A part of this run is committed: the database is ${atVersion(version)}, and was checked there.`
    : `The database is still ${atVersion(version)}.`;
  return wroteOutside ? `${state} What ran outside a transaction stays.` : state;
}
