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

/**
 * The database that the environment names: the URL in `variable`, or else `PGHOST` and its kin, as libpq knows them.
 * TLS is what libpq's `sslmode` means (manual, 34.19): `require` encrypts, `verify-full` also verifies.
 *
 * @throws Failure `usage` where neither is set, or the URL cannot be read; nothing is guessed
 */
export function readConfiguration(variable: string, env: NodeJS.ProcessEnv): Configuration {
  const from = (name: string): string | undefined => env[name] || undefined; // libpq takes an empty variable as not set.
  const url = from(variable);
  if (url === undefined && from('PGHOST') === undefined)
    throw failure('usage', 'no-database', [variable, env[variable] === '']);
  const { sslmode = from('PGSSLMODE'), ...given } =
    url === undefined ? {} : parseUrl(variable, url);
  checkMode(sslmode === from('PGSSLMODE') ? 'PGSSLMODE' : variable, sslmode);
  const port = String(given.port ?? from('PGPORT') ?? 5432);
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65535)
    throw failure('usage', 'bad-url', [
      given.port === undefined ? 'PGPORT' : variable,
      `"${port}" is not a port`,
    ]);
  const user = given.user ?? from('PGUSER') ?? from('USER') ?? 'postgres';
  const password = given.password ?? from('PGPASSWORD');
  const host = given.host ?? from('PGHOST') ?? 'localhost';
  const database = given.database ?? from('PGDATABASE') ?? user;
  const ssl = given.ssl ?? tlsOf(sslmode, from('PGSSLROOTCERT'));
  const clientConfig = {
    ...given,
    ssl,
    host,
    port: Number(port),
    user,
    database,
    ...(password === undefined ? {} : { password }),
  };
  return {
    clientConfig,
    host,
    port: Number(port),
    database,
    user,
    allowsPlain: sslmode === 'prefer',
  };
}

function parseUrl(variable: string, url: string): ClientConfig & { readonly sslmode?: string } {
  const refuse = (reason: string): never => {
    throw failure('usage', 'bad-url', [variable, reason]);
  };
  if (!/^postgres(ql)?:\/\//.test(url)) refuse('it does not begin with postgres://');
  // The URL would end its password there, and the rest would be shown as a host or database.
  if (/^[^:]+:\/\/[^/?#]*[/?#].*@/s.test(url))
    refuse('there is an @ after a / ? or #, which end the user, password and host');
  try {
    const entries = Object.entries(parse(url, { useLibpqCompat: true }));
    return Object.fromEntries(
      entries.filter(([, value]) => value !== '' && value !== null && value !== undefined),
    );
  } catch (cause) {
    return refuse(
      cause instanceof Error && 'input' in cause ? 'it is not a URL' : (cause as Error).message,
    );
  }
}

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

function checkMode(variable: string, mode: string | undefined): void {
  if (mode !== undefined && !MODES.includes(mode))
    throw failure('usage', 'bad-url', [
      variable,
      `sslmode "${mode}" is not one of ${MODES.join(', ')}`,
    ]);
}

/** TLS as libpq means it, for where the URL says nothing: `pg` reads the same variables in another sense. */
function tlsOf(mode: string | undefined, authority: string | undefined): ClientConfig['ssl'] {
  if (mode === undefined || mode === 'disable' || mode === 'allow') return false;
  const ca = authority === undefined ? {} : { ca: readAuthority(authority) };
  if (mode === 'verify-full') return ca;
  const isVerified = mode === 'verify-ca' || (mode === 'require' && authority !== undefined);
  return isVerified
    ? { ...ca, checkServerIdentity: () => undefined }
    : { rejectUnauthorized: false };
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw failure('usage', 'bad-url', ['PGSSLROOTCERT', (cause as Error).message], { cause });
  }
}
