import type { ClientConfig } from 'pg';
import { parse } from 'pg-connection-string';
import { failure } from '../report/errors.ts';

/** How `pg` connects to the database. It contains the password: never print it as a whole. */
export type Configuration = Readonly<ReturnType<typeof readConfiguration>>;

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * Reads the URL of the database from the environment variable `variable`. What the URL leaves out comes from
 * `PGHOST`, `PGPORT` and so on, as in libpq (manual, "Environment Variables" and "SSL Support").
 *
 * @throws Failure `usage` if neither the URL nor `PGHOST` is set, or if a value is wrong
 */
export function readConfiguration(variable: string, env: NodeJS.ProcessEnv) {
  const source = env[variable] ? variable : 'PGHOST or another PG variable';
  const refusal = (reason: string, where = source) => failure('bad-url', [where, reason]);
  const fromEnv = (name: string) => env[name] || undefined; // libpq ignores empty variables.
  const url = fromEnv(variable) ?? (fromEnv('PGHOST') && 'postgres://');
  if (url === undefined) throw failure('no-database', [variable]);
  if (!/^postgres(ql)?:\/\//.test(url))
    throw refusal('it does not begin with postgres:// (remove quotation marks and blanks)');
  // In a URL, / ? and # end the password. Its rest would be read as a host or a database, and be printed.
  if (/^[^:]+:\/\/[^/?#]*[/?#].*@/s.test(url)) throw refusal('there is an @ after a / ? or #');
  // Without an sslmode, leave out the certificates: with them, pg-connection-string would turn TLS on.
  const hasMode = fromEnv('PGSSLMODE') !== undefined || url.includes('sslmode=');
  const defaults = new URLSearchParams({ uselibpqcompat: 'true' });
  for (const name of hasMode ? ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] : [])
    defaults.set(name, fromEnv(`PG${name.toUpperCase()}`) ?? '');
  // Insert the defaults before the URL's own parameters: if a name comes twice, the last one counts. In
  // a URL without parameters, the defaults come before the #, or at the end.
  const fromUrl = parseUrl(url.replace(/\?|(?=#)|$/, `?${defaults.toString()}&`), refusal);
  const { sslmode = 'disable' } = fromUrl;
  const modeSource = url.includes('sslmode=') ? variable : 'PGSSLMODE';
  if (!MODES.includes(sslmode))
    throw refusal(`sslmode "${sslmode}" is not one of ${MODES.join(', ')}`, modeSource);
  const port = Number(fromUrl.port ?? fromEnv('PGPORT') ?? 5432);
  if (!(Number.isInteger(port) && port > 0 && port < 65536))
    throw refusal('the port must be a number from 1 to 65535', fromUrl.port ? variable : 'PGPORT');
  const user = fromUrl.user ?? fromEnv('PGUSER') ?? fromEnv('USER') ?? 'postgres';
  const host = fromUrl.host ?? fromEnv('PGHOST') ?? 'localhost';
  const database = fromUrl.database ?? fromEnv('PGDATABASE') ?? user;
  const password = fromUrl.password ?? fromEnv('PGPASSWORD');
  const ssl = sslmode !== 'allow' && (fromUrl.ssl ?? false);
  const seconds = Math.trunc(Number(fromUrl.connect_timeout ?? fromEnv('PGCONNECT_TIMEOUT')));
  const connectTimeout = seconds > 0 ? Math.min(seconds, 86_400) : 15; // Timers of Node.js have 31 bits.
  return { ...fromUrl, ssl, sslmode, host, port, user, database, password, connectTimeout };
}

function parseUrl(url: string, refusal: (reason: string) => Error) {
  try {
    const all = Object.entries(parse(url));
    const values = all.filter(([, value]) => (value ?? '') !== '');
    return Object.fromEntries(values) as ClientConfig &
      Readonly<{ sslmode?: string; connect_timeout?: string }>;
  } catch (cause) {
    // Only an error of `new URL()` has a property `input`. The message is "Invalid URL", without a reason.
    throw refusal('input' in (cause as object) ? 'it is not a URL' : (cause as Error).message);
  }
}
