import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { keep } from '../support/keep.js';
import { serverUser } from '../support/server-user.js';

export interface PoolerOptions {
  /** Server connections for each pair of user and database. Small, so that clients take turns. */
  readonly poolSize?: number;
  /** Other settings of `pgbouncer.ini`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface Pooler {
  /** The same address, through the pooler. */
  readonly through: (url: string) => string;
  readonly port: number;
  /** What it has logged so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/**
 * A PgBouncer in transaction mode in front of the server of `url`, for the test that asks for it. A test that cannot have
 * it is skipped, and says why; with `CI=true` it fails.
 */
export async function testPooler(
  { skip }: TestContext,
  url: string,
  options?: PoolerOptions,
): Promise<Pooler> {
  const reason = pgbouncerMissing();
  if (reason !== undefined && process.env['CI'] === 'true') throw new Error(reason);
  if (reason !== undefined) skip(reason);
  const pooler = await startPooler(url, options);
  onTestFinished(pooler.stop);
  return pooler;
}

/** Starts a PgBouncer. As root it runs as another user: it refuses to be root. */
export async function startPooler(
  url: string,
  { poolSize = 6, settings = {} }: PoolerOptions = {},
): Promise<Pooler> {
  const server = new URL(url);
  const user = serverUser();
  const home = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  if (user.uid !== undefined && user.gid !== undefined) chownSync(home, user.uid, user.gid);
  const port = await freePort(0);
  const ini = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    // With passwords in the clear in its list, it can speak SCRAM to both sides.
    auth_type: 'scram-sha-256',
    auth_file: join(home, 'users'),
    pool_mode: 'transaction',
    default_pool_size: poolSize,
    max_client_conn: 1000,
    logfile: join(home, 'log'),
    pidfile: join(home, 'pid'),
    ...settings,
  };
  const lines = Object.entries(ini).map(([name, value]) => `${name} = ${value}`);
  const databases = `[databases]\n* = host=${server.hostname} port=${server.port}\n`;
  writeFileSync(join(home, 'pgbouncer.ini'), `${databases}\n[pgbouncer]\n${lines.join('\n')}\n`);
  writeFileSync(
    join(home, 'users'),
    `"${server.username}" "${decodeURIComponent(server.password)}"\n`,
    {
      mode: 0o644,
    },
  );
  const pid = `"$(cat ${join(home, 'pid')})"`;
  const stop = await keep({
    start: [[program(), '--daemon', '--quiet', join(home, 'pgbouncer.ini')]],
    stop: [
      'sh',
      '-c',
      `kill -QUIT ${pid} && while kill -0 ${pid} 2>/dev/null; do sleep 0.05; done`,
    ],
    options: { ...user, cwd: home, env: { PATH: process.env['PATH'] } },
    log: join(home, 'log'),
    remove: home,
  });
  await eventually('a PgBouncer that listens', () => isListening(port));
  return {
    through: (address) => {
      const pooled = new URL(address);
      pooled.hostname = '127.0.0.1';
      pooled.port = String(port);
      return pooled.href;
    },
    port,
    log: () => readFileSync(join(home, 'log'), 'utf8'),
    stop,
  };
}

/** Why there is no PgBouncer; root gets it from Debian's package, where it is missing. */
function pgbouncerMissing(): string | undefined {
  if (isInstalled()) return undefined;
  if (process.getuid?.() !== 0)
    return 'PgBouncer is not installed:  sudo apt-get install pgbouncer';
  const apt = [
    'install',
    '-y',
    '--no-install-recommends',
    '-o',
    'DPkg::Lock::Timeout=120',
    'pgbouncer',
  ];
  try {
    execFileSync('apt-get', apt, {
      stdio: 'pipe',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch (error) {
    return `PgBouncer is not installed, and apt-get cannot install it: ${(error as Error).message}`;
  }
  return isInstalled() ? undefined : 'PgBouncer was installed, and cannot be run';
}

/** Debian installs it where only root looks. */
const program = (): string => (runs('pgbouncer') ? 'pgbouncer' : '/usr/sbin/pgbouncer');
const isInstalled = (): boolean => runs('pgbouncer') || runs('/usr/sbin/pgbouncer');
const runs = (file: string): boolean =>
  spawnSync(file, ['--version'], { stdio: 'ignore' }).status === 0;

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
