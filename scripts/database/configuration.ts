import type { ClientConfig } from 'pg';
import { parse } from 'pg-connection-string';
import { failure } from '../report/errors.ts';

/** Where the database is. Only `clientConfig`, which is for `pg`, has the password. */
export interface Configuration {
  readonly clientConfig: ClientConfig;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** True for `sslmode=prefer`: if the server has no TLS, the connection is made without it. */
  readonly allowsPlain: boolean;
}

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * Reads where the database is: from the URL in the environment variable `variable`, and what the URL leaves
 * out from `PGHOST`, `PGPORT` and so on. They mean what they mean to libpq (manual, 34.15 and 34.19).
 *
 * @throws Failure `usage` if neither the URL nor `PGHOST` is set, or if a value is wrong
 */
export function readConfiguration(variable: string, env: NodeJS.ProcessEnv): Configuration {
  const refuse = (reason: string, where = variable) => failure('bad-url', [where, reason]);
  const from = (name: string) => env[name] || undefined; // For libpq, an empty variable is not set.
  const url = from(variable);
  if (url === undefined && from('PGHOST') === undefined)
    throw failure('no-database', [variable, env[variable] === '']);
  if (!/^postgres(ql)?:\/\//.test(url ?? 'postgres://'))
    throw refuse('it does not begin with postgres://');
  // In a URL, these characters end the password. Its rest would be taken for a host or a database, and
  // printed.
  if (/^[^:]+:\/\/[^/?#]*[/?#].*@/s.test(url ?? '')) throw refuse('there is an @ after a / ? or #');
  const tls = { sslmode: from('PGSSLMODE'), sslrootcert: from('PGSSLROOTCERT') };
  const isAsked = tls.sslmode !== undefined || url?.includes('sslmode=') === true;
  const given = parseUrl(url ?? 'postgres://', isAsked ? tls : {}, refuse);
  const { sslmode = 'disable' } = given;
  if (!MODES.includes(sslmode))
    throw refuse(`sslmode "${sslmode}" is not one of ${MODES.join(', ')}`);
  const port = Number(given.port ?? from('PGPORT') ?? 5432);
  if (!(Number.isInteger(port) && port > 0 && port < 65536))
    throw refuse('the port must be a number from 1 to 65535', given.port ? variable : 'PGPORT');
  const user = given.user ?? from('PGUSER') ?? from('USER') ?? 'postgres';
  const host = given.host ?? from('PGHOST') ?? 'localhost';
  const database = given.database ?? from('PGDATABASE') ?? user;
  const password = given.password ?? from('PGPASSWORD');
  const ssl = sslmode !== 'allow' && (given.ssl ?? false);
  const clientConfig = { ...given, ssl, host, port, user, database, ...(password && { password }) };
  return { clientConfig, host, port, database, user, allowsPlain: sslmode === 'prefer' };
}

type Parsed = ClientConfig & { readonly sslmode?: string };

/** Parses the URL. The `defaults` are added to its query, unless it has them. */
function parseUrl(
  url: string,
  defaults: Readonly<Record<string, string | undefined>>,
  refuse: (reason: string) => Error,
): Parsed {
  const more = Object.entries(defaults).filter(([key, value]) => value && !url.includes(`${key}=`));
  const query = more.map(([key, value = '']) => `${key}=${encodeURIComponent(value)}`).join('&');
  try {
    const entries = Object.entries(
      parse(`${url}${url.includes('?') ? '&' : '?'}${query}`, { useLibpqCompat: true }),
    );
    return Object.fromEntries(entries.filter(([, value]) => (value ?? '') !== ''));
  } catch (cause) {
    throw refuse('input' in (cause as object) ? 'it is not a URL' : (cause as Error).message);
  }
}
