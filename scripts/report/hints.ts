import { addOption, RUN } from './wording.ts';

/** The hint that shows a query for the rows that a constraint rejects. */
export const rowsHint = (query: string) => `Find the rows, and correct them:  ${query}`;

/**
 * What to do if a file is missing or wrong, if no connection can be made, if a query of this program (or of a
 * migration in `plan`) fails, or if a migration fails. A hint's key is a pattern for the texts of the error.
 */
const hints = {
  file: {
    '^permission denied':
      'Usually it belongs to another user. Let this one read it (chmod, chown).',
    '0000_prerequisites\\.json$':
      "It says what the application's base schema contains. Correct or restore it, or begin with:  {}",
    'schema/.*\\.json$':
      'Usually this effect file is not written or committed yet, or a merge broke it. To write it:  npm run migrate snapshot',
    '': 'Correct or restore it, or run the command in the folder that has the right .node-pg-migraterc.json.',
  },
  connect: {
    'password must be a':
      'The server asks for a password: put it into the URL, PGPASSWORD or ~/.pgpass.',
    '^ENOTFOUND': 'No host has this name. Correct it in the URL.',
    '^(ECONNREFUSED|ENOENT|57P03)': `No server is ready there: it is not started, or the host or the port is wrong. To wait for it:  ${addOption('--connect-wait=30')}`,
    '^ETIMEDOUT': 'There was no answer. Often a firewall drops the packets, or the port is wrong.',
    'unsupported startup parameter':
      'A pooler refuses settings. Remove them from PGOPTIONS and the URL, or set them on the role (ALTER ROLE).',
    '^28P01|authentication failed$':
      'The password or the user is wrong, or the password has expired. Correct the URL; in a password, write % @ : / as %25 %40 %3A %2F.',
    '^3D000|^08P01 .*database .*does not exist$':
      'Correct the name of the database in the URL, or create the database (createdb).',
    '^42501': 'The role may not connect:  GRANT CONNECT ON DATABASE <database> TO <role>;',
    '^53300|no more connections':
      'No connection is free, and a run needs two. Try again later, or raise the limit of the role, the database, the server (max_connections) or the pooler (max_client_conn).',
    'pg_hba\\.conf':
      'pg_hba.conf of the server does not allow this host, user and database, perhaps only without encryption: try sslmode=require in the URL.',
    // After all codes, since the name of a database or a role may contain one of these words.
    'unable to (verify|get)|self.signed|altnames|certificate (has expired|is not yet valid)':
      'The certificate of the server is not as expected, or not valid now. sslrootcert in the URL must name the file of the CA certificate, and the host must be a name in the certificate.',
    'SSL|TLS|certificate|encryption':
      'Set sslmode in the URL: disable does not encrypt, require encrypts, verify-full also verifies the server (with the CA certificate in sslrootcert).',
    '': 'See whether psql can connect:  psql <URL of the database>',
  },
  query: {
    '^42(P01|703|704|883)': `If a migration reads what an earlier one creates, apply that one first:  ${RUN} up 1`,
    '^42501': 'Grant the privilege, or connect as a role that has it ("snapshot" needs CREATEDB).',
    '^25006': 'Transactions are read-only here. Use a role that may write, or the primary server.',
    '^40001':
      'A standby cancelled a query of this program, to replay changes of the primary. Try again.',
    '^57014':
      'A timeout of the role or the database, such as statement_timeout, ended a query of this program, or somebody cancelled it (pg_cancel_backend). Raise the timeout, or try again.',
    '': 'Often a timeout or limit of the role or the database, such as statement_timeout. Raise it, and try again.',
  },
  migration: {
    'No source stream defined':
      'A migration cannot send rows to COPY FROM stdin. Write INSERT instead (pg_dump --inserts).',
    '^42(701.*\\bALTER\\b|710|P07)':
      'It exists already: made by hand, left by an interrupted run, or copied without the rows of the migrations table. Drop it, let the migration create it with ifNotExists, or copy these rows.',
    // A DROP must name the same thing as the message, such as `type "mood" does not exist`.
    '^42(P01|703|704|883) [^;]*?\\b(\\w+)"?(\\([^;]*\\))? (of|for|does) .*\\bDROP\\b[^;]*\\b\\2\\b':
      'What it drops does not exist. Perhaps the migration was edited after it was applied, or somebody dropped it by hand: drop with ifExists, and run again.',
    '^55(P04|006)': `This cannot run in the transaction of an earlier statement. If both statements are in one migration, write two migrations. Run one migration at a time:  ${RUN} up 1  (or down 1)
or let the earlier migration call pgm.noTransaction().`,
    '^53': `The disk, the memory or the lock table of the server is full. Make room or raise its limit, or run fewer migrations at a time:  ${RUN} up 1  (or down 1)`,
    '^(25001|2D000)': 'This statement cannot run in a transaction: call pgm.noTransaction() first.',
    '^57014': `statement_timeout ended it, or somebody cancelled it (pg_cancel_backend). If it ran in a transaction, allow more time:  ${addOption('--statement-timeout=10min')}
If the migration calls pgm.noTransaction(), that option has no effect. Use:  PGOPTIONS='-c statement_timeout=0' ${RUN} up
or, behind a pooler:  ALTER ROLE <role> SET statement_timeout = 0;
Then let the pooler open new connections to the server (PgBouncer: RECONNECT).`,
    '^23502': `If the column is new, give it a default. Otherwise:
${rowsHint('SELECT * FROM <relation> t WHERE <column> IS NULL;')}`,
    '^23505.*INDEX\\s+CONCURRENTLY': `Correct the duplicate rows, and drop the INVALID index that the build left:
DROP INDEX CONCURRENTLY <index>;  -- better: let the migration drop it first, as 0005 does`,
    '^23505.*\\(name, run_on\\)': `The sequence of the migrations table is behind its rows, as after a copy or a logical replication. Set it:
SELECT setval(pg_get_serial_sequence('<INTO>', 'id'), max(id)) FROM <INTO>;`,
    '^23503':
      'Rows would refer to a row that is not there. Add it, or first change or delete the rows that refer to it.',
    '^22': 'Correct the value, in the rows or in the migration, and run again.',
    '^23': 'Correct the rows that violate the constraint, and run again.',
    '^(2BP01|0A000.*column used)':
      'Something else uses it. Drop that first; in the same migration, create it again if it must stay. CASCADE drops it, too, and the check does not notice if no effect names it.',
    '^42501': 'Grant the privilege, or connect as a role that has it.',
    '': 'Correct the cause, usually in the migration, and run again.',
  },
};

/**
 * Returns a query for the rows that violate a check or a foreign key. Returns undefined for all other
 * constraints, and for NO INHERIT and MATCH FULL.
 */
export function rowsQuery(table: string, definition: string): string | undefined {
  const [, condition] = /^CHECK (\(.*\))(?: NOT VALID)?$/s.exec(definition) ?? [];
  if (condition !== undefined) return `SELECT * FROM ${table} WHERE NOT ${condition};`;
  const [, columns, other = '', keys = ''] = FOREIGN_KEY.exec(definition) ?? [];
  if (columns === undefined) return undefined;
  // IS NOT TRUE, because `IN` is null, not false, if a key is null.
  return `SELECT * FROM ${table}
WHERE (${columns}) IS NOT NULL AND ((${columns}) IN (SELECT ${keys} FROM ${other})) IS NOT TRUE;`;
}
const FOREIGN_KEY = /^FOREIGN KEY \(([^()]+)\) REFERENCES ([^()]+)\(([^()]+)\)(?! MATCH FULL)/;

/** Returns the first hint whose pattern matches. Replaces words such as `<column>` by names in the error. */
export function hintFor(what: keyof typeof hints, ...texts: readonly string[]): string {
  const error = texts.join(' ');
  const isHint = ([pattern]: readonly [string, string]) => new RegExp(pattern, 'is').test(error);
  const [, hint = ''] = Object.entries(hints[what]).find(isHint) ?? [];
  const nameOf = (noun: string) => new RegExp(`${noun} ("[^"]+"(\\."[^"]+")?)`).exec(error)?.[1];
  return hint.replaceAll(/<(\w+)>/g, (text, noun: string) => nameOf(noun) ?? text);
}
