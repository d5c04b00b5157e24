import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { parse } from 'pg-connection-string';
import { failure } from '../errors.js';

/** Where the database is: what `pg` needs, and what may be shown (never a password). */
export interface Address {
  readonly config: ClientConfig;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Whether an unencrypted connection will do where the server has no TLS: `sslmode=prefer`. */
  readonly plainWillDo: boolean;
}

/**
 * The database that the environment names: the URL in `variable`, or else `PGHOST` and its kin, as libpq knows them.
 * TLS is what libpq's `sslmode` means (manual, 34.19): `require` encrypts, `verify-full` verifies.
 *
 * @throws Failure `usage` where neither is set, or the URL cannot be read; nothing is guessed
 */
export function readAddress(variable: string, env: NodeJS.ProcessEnv): Address {
  const url = env[variable];
  if (url === undefined || url === '') {
    if (env['PGHOST'] === undefined || env['PGHOST'] === '')
      throw failure('usage', 'no-database', [variable, url === '']);
    return address({ ...tls(env) }, env, env['PGSSLMODE']);
  }
  if (!/^postgres(ql)?:\/\//.test(url))
    throw failure('usage', 'bad-url', [variable, 'it does not begin with postgres://']);
  // It would be cut in two there, and the rest of a password taken for a host or a database, and shown.
  if (/^[^:]+:\/\/[^/?#]*[/?#].*@/s.test(url))
    throw failure('usage', 'bad-url', [variable, 'there is an @ after a / ? or #, which ends user, password and host']);
  let parsed;
  try {
    parsed = parse(url, { useLibpqCompat: true });
  } catch (cause) {
    const reason = cause instanceof Error && 'input' in cause ? 'it is not a URL' : (cause as Error).message;
    throw failure('usage', 'bad-url', [variable, reason]);
  }
  checkMode(variable, (parsed as { sslmode?: string }).sslmode);
  const { sslmode, ...config } = parsed as typeof parsed & { sslmode?: string };
  return address(
    { ...(sslmode === undefined ? tls(env) : {}), ...withoutEmpty(config) },
    env,
    sslmode ?? env['PGSSLMODE'],
  );
}

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

function checkMode(variable: string, mode: string | undefined): void {
  if (mode !== undefined && !MODES.includes(mode))
    throw failure('usage', 'bad-url', [variable, `sslmode "${mode}" is none of ${MODES.join(', ')}`]);
}

const withoutEmpty = (config: object) =>
  Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== '' && value !== null && value !== undefined),
  );

/** TLS by libpq's environment variables, which `pg` reads in another sense. */
function tls(env: NodeJS.ProcessEnv): ClientConfig {
  const [mode, root] = [env['PGSSLMODE'] || undefined, env['PGSSLROOTCERT'] || undefined];
  checkMode('PGSSLMODE', mode);
  if (mode === undefined || mode === 'disable' || mode === 'allow') return { ssl: false };
  const ca = root === undefined ? {} : { ca: readAuthority(root) };
  if (mode === 'verify-full') return { ssl: ca };
  if (mode === 'verify-ca' || (mode === 'require' && root !== undefined))
    return { ssl: { ...ca, checkServerIdentity: () => undefined } };
  return { ssl: { rejectUnauthorized: false } };
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw failure('usage', 'bad-url', ['PGSSLROOTCERT', (cause as Error).message], { cause });
  }
}

function address(config: ClientConfig & Record<string, unknown>, env: NodeJS.ProcessEnv, sslmode?: string): Address {
  const from = (name: string) => (env[name] === '' ? undefined : env[name]); // To libpq, nothing is the same as not set.
  const port = String(config.port ?? from('PGPORT') ?? 5432);
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65535)
    throw failure('usage', 'bad-url', [config.port === undefined ? 'PGPORT' : 'the URL', `"${port}" is no port`]);
  const user = config.user ?? from('PGUSER') ?? from('USER') ?? 'postgres';
  const password = config.password ?? from('PGPASSWORD');
  const full = {
    ...config,
    host: config.host ?? from('PGHOST') ?? 'localhost',
    port: Number(port),
    user,
    database: config.database ?? from('PGDATABASE') ?? user,
    ...(password === undefined ? {} : { password }),
  };
  return {
    config: full,
    host: full.host,
    port: full.port,
    database: full.database,
    user,
    plainWillDo: sslmode === 'prefer',
  };
}
