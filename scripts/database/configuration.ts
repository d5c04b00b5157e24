import type { ClientConfig } from 'pg';
import { parse } from 'pg-connection-string';
import { failure } from '../report/errors.ts';

/** Where the database is, for `pg`. It contains the password: never print it as a whole. */
export type Configuration = Readonly<ReturnType<typeof readConfiguration>>;

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * Reads where the database is from the URL in the environment variable `variable`. What the URL leaves out
 * comes from `PGHOST`, `PGPORT` and so on, as in libpq (manual, 34.15 and 34.19).
 *
 * @throws Failure `usage` if neither the URL nor `PGHOST` is set, or if a value is wrong
 */
export function readConfiguration(variable: string, env: NodeJS.ProcessEnv) {
  const refuse = (reason: string, where = variable) => failure('bad-url', [where, reason]);
  const from = (name: string) => env[name] || undefined; // libpq ignores empty variables.
  const url = from(variable) ?? (from('PGHOST') && 'postgres://');
  if (url === undefined) throw failure('no-database', [variable, env[variable] === '']);
  if (!/^postgres(ql)?:\/\//.test(url))
    throw refuse('it does not begin with postgres:// (quotation marks and blanks count)');
  // A / ? or # ends the password. The rest of it would be read as a host or a database, and printed.
  if (/^[^:]+:\/\/[^/?#]*[/?#].*@/s.test(url)) throw refuse('there is an @ after a / ? or #');
  // Without a mode, pg-connection-string would turn TLS on for a certificate.
  const hasMode = from('PGSSLMODE') !== undefined || url.includes('sslmode=');
  const defaults = new URLSearchParams();
  for (const name of hasMode ? ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] : [])
    defaults.set(name, from(`PG${name.toUpperCase()}`) ?? '');
  // The URL's own parameters come after these defaults, and override them. A # ends the parameters.
  const given = parseUrl(url.replace(/\?|(?=#)|$/, `?${defaults.toString()}&`), refuse);
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
  return { ...given, ssl, sslmode, host, port, user, database, password };
}

function parseUrl(url: string, refuse: (reason: string) => Error) {
  try {
    const all = Object.entries(parse(url, { useLibpqCompat: true }));
    const given = all.filter(([, value]) => (value ?? '') !== '');
    return Object.fromEntries(given) as ClientConfig & { readonly sslmode?: string };
  } catch (cause) {
    throw refuse('input' in (cause as object) ? 'it is not a URL' : (cause as Error).message);
  }
}
