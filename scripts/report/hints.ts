import { RUN } from './wording.ts';

const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'No server listens there: it is not started, or the host or the port is wrong. To wait for it:  --connect-wait=30',
  ETIMEDOUT: 'There was no answer. Often a firewall drops the packets, or the port is wrong.',
  '57P03': 'The server is starting or stopping. To wait for it:  --connect-wait=30',
  '28P01':
    'The password or the user is wrong. Correct the URL; in a password, write @ : / as %40 %3A %2F.',
  '3D000': 'Correct the name of the database in the URL, or create the database (createdb).',
  '42501': 'The role may not connect:  GRANT CONNECT ON DATABASE <database> TO <role>;',
  '53300': 'The server has no free connection. Try again later, or connect through the pooler.',
};

/** What to do if no connection can be made. */
export function connectHint(code: string, reason: string, psql: string): string {
  if (reason.includes('password must be a'))
    return 'The server asks for a password: put it into the URL, PGPASSWORD or ~/.pgpass.';
  if (/SSL|TLS|certificate|self.signed|encryption/i.test(reason))
    return 'Set sslmode in the URL: disable does not encrypt, require encrypts, verify-full also verifies the server (with the authority in sslrootcert).';
  return connectHints[code] ?? `See whether the server answers:  ${psql}`;
}

/** What to do if a query fails that this program sends, or that a migration sends in `plan`. */
export function serverHint(sqlstate: string): string {
  if (/^42(P01|703|704|883)$/.test(sqlstate))
    return `If a migration reads what an earlier one creates, apply that one first:  ${RUN} up 1`;
  if (sqlstate === '42501')
    return 'Grant the privilege, or connect as a role that has it ("snapshot" needs CREATEDB).';
  if (sqlstate === '25006')
    return 'Transactions are read-only here. Use a role that may write, or the primary server.';
  return 'Often a timeout or limit of the role or the database, such as statement_timeout. Raise it, and try again.';
}

/** What to do if a migration fails, by SQLSTATE. */
export function migrationHint(sqlstate: string, message: string, sql: string): string {
  const alone = `This cannot run in the transaction of an earlier migration. Apply one migration at a time:  ${RUN} up 1`;
  const [, column = '<column>', table = '<table>'] =
    /(?:column "([^"]+)".* )?(?:relation|table) "([^"]+)"/.exec(message) ?? [];
  const rows = `Find the rows, and correct them:  SELECT * FROM ${table} t WHERE`;
  if (message.includes('COPY from stdin'))
    return 'A migration cannot send rows to COPY FROM stdin. Write INSERT instead (pg_dump --inserts).';
  if (/^42(701|710|P07)$/.test(sqlstate))
    return 'It exists already, perhaps made by hand. Drop it, or let the migration create it with ifNotExists.';
  const hints: Readonly<Record<string, string>> = {
    '55P04': `${alone}\nor let the earlier migration call pgm.noTransaction().`,
    '55006': alone,
    '25001': 'This statement cannot run in a transaction: call pgm.noTransaction() first.',
    '57014': `Usually statement_timeout ended it. To allow more:  --statement-timeout=10min
Outside a transaction, only this helps:  PGOPTIONS='-c statement_timeout=0' ${RUN} up`,
    '23502': `${rows} ${column} IS NULL;\nIf the column is new, it needs a default.`,
    '23505': `${rows} <the key above>;`,
    '23514': `${rows} NOT (<the condition>);`,
    '23503': `${rows} NOT EXISTS (SELECT FROM <other> o WHERE o.<key> = t.<column>);`,
  };
  const [, index] = /INDEX\s+CONCURRENTLY\s+(?:IF NOT EXISTS\s+)?("[^"]+"|\w+)/i.exec(sql) ?? [];
  if (sqlstate === '23505' && index !== undefined)
    return `Correct the duplicate rows, and drop the INVALID index that the build left:
DROP INDEX CONCURRENTLY ${index};  -- better: let the migration drop it first, as 0005 does`;
  return hints[sqlstate] ?? 'Correct the cause, usually in the migration, and run again.';
}
