import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { parse } from 'pg-connection-string';
import { failure } from '../report/errors.js';

/** Where the database is: what `pg` needs, and what may be shown (never a password). */
export interface Configuration {
  readonly clientConfig: ClientConfig;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Whether an unencrypted connection will do where the server has no TLS: `sslmode=prefer`. */
  readonly allowsPlain: boolean;
}

/** For a command that needs no database. */
export const NOWHERE = {
  clientConfig: {},
  host: '',
  port: 0,
  database: '',
  user: '',
  allowsPlain: false,
};

/**
 * The database that the environment names: the URL in `variable`, or `PGHOST` and its kin, as libpq
 * knows them. TLS is what libpq's `sslmode` means (manual, 34.19).
 *
 * @throws Failure `usage` where neither is set, or the URL cannot be read; nothing is guessed
 */
export function readConfiguration(variable: string, env: NodeJS.ProcessEnv): Configuration {
  const from = (name: string) => env[name] || undefined; // To libpq, empty is not set.
  const url = from(variable);
  if (url === undefined && from('PGHOST') === undefined)
    throw failure('usage', 'no-database', [variable, env[variable] === '']);
  const given = url === undefined ? {} : parseUrl(variable, url);
  const sslmode = given.sslmode ?? from('PGSSLMODE');
  const modeVariable = given.sslmode === undefined ? 'PGSSLMODE' : variable;
  if (!MODES.includes(sslmode ?? 'disable'))
    refuse(modeVariable, `sslmode "${sslmode ?? ''}" is not one of ${MODES.join(', ')}`);
  const port = Number(given.port ?? from('PGPORT') ?? 5432);
  const portVariable = given.port === undefined ? 'PGPORT' : variable;
  if (!(Number.isInteger(port) && port > 0 && port < 65536))
    refuse(portVariable, 'the port must be a number from 1 to 65535');
  const user = given.user ?? from('PGUSER') ?? from('USER') ?? 'postgres';
  const host = given.host ?? from('PGHOST') ?? 'localhost';
  const database = given.database ?? from('PGDATABASE') ?? user;
  const password = given.password ?? from('PGPASSWORD');
  const ssl = given.ssl ?? tlsOf(sslmode, from('PGSSLROOTCERT'));
  const secret = password === undefined ? {} : { password };
  const clientConfig = { ...given, ssl, host, port, user, database, ...secret };
  return { clientConfig, host, port, database, user, allowsPlain: sslmode === 'prefer' };
}

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

function refuse(variable: string, reason: string): never {
  throw failure('usage', 'bad-url', [variable, reason]);
}

function parseUrl(variable: string, url: string): ClientConfig & { readonly sslmode?: string } {
  if (!/^postgres(ql)?:\/\//.test(url)) refuse(variable, 'it does not begin with postgres://');
  // The password would end there, and the rest of it would be shown as a host or database.
  if (/^[^:]+:\/\/[^/?#]*[/?#].*@/s.test(url)) refuse(variable, 'there is an @ after a / ? or #');
  try {
    const entries = Object.entries(parse(url, { useLibpqCompat: true }));
    return Object.fromEntries(
      entries.filter(([, value]) => ![undefined, null, ''].includes(value as null)),
    );
  } catch (cause) {
    return refuse(
      variable,
      'input' in (cause as object) ? 'it is not a URL' : (cause as Error).message,
    );
  }
}

/** For where the URL says nothing: `pg` reads the same variables in another sense. */
function tlsOf(mode: string | undefined, authority: string | undefined): ClientConfig['ssl'] {
  if (mode === undefined || mode === 'disable' || mode === 'allow') return false;
  const ca = authority === undefined ? {} : { ca: readAuthority(authority) };
  if (mode === 'verify-full') return ca;
  const verifies = mode === 'verify-ca' || (mode === 'require' && authority !== undefined);
  return verifies ? { ...ca, checkServerIdentity: () => undefined } : { rejectUnauthorized: false };
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    return refuse('PGSSLROOTCERT', (cause as Error).message);
  }
}
