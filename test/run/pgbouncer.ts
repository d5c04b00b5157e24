import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { onTestFinished, type TestContext } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { keep } from '../support/keep.ts';
import { atPort, freePort } from '../support/ports.ts';
import { chown, serverUser } from '../support/server-user.ts';

/**
 * Starts a PgBouncer in transaction mode in front of the server of `url`, with `poolSize` server connections
 * for each user and database, and at most `clients` clients. Without PgBouncer, skips the test; if `CI=true`,
 * fails it.
 */
export async function testPooler(
  { skip }: TestContext,
  url: string,
  { poolSize = 6, clients = 1000 } = {},
) {
  const reason = pgbouncerMissing();
  if (reason !== undefined && process.env['CI'] === 'true') throw new Error(reason);
  if (reason !== undefined) skip(reason);
  const server = new URL(url);
  const user = serverUser(); // PgBouncer refuses to be root.
  const home = chown(mkdtempSync(join(tmpdir(), 'pgbouncer-')), user);
  const port = await freePort(0);
  const [ini, users, log] = [join(home, 'ini'), join(home, 'users'), join(home, 'log')];
  writeFileSync(users, `"${server.username}" "${decodeURIComponent(server.password)}"\n`);
  writeFileSync(
    ini,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = ${clients}
logfile = ${log}
pidfile = ${join(home, 'pid')}
`,
  );
  const kill = `pid=$(cat ${join(home, 'pid')}); kill -QUIT $pid
    while kill -0 $pid 2>/dev/null; do sleep 0.05; done`;
  const stop = await keep({
    start: [[program(), '--daemon', '--quiet', ini]],
    stop: ['sh', '-c', kill],
    options: { ...user, cwd: home, env: { PATH: process.env['PATH'] } },
    log,
    remove: home,
  });
  onTestFinished(stop);
  /** The URL that leads to `address` through the pooler. */
  const through = (address: string) => atPort(address, port);
  await eventually('a PgBouncer that listens', () => canConnect(through(url)));
  return { through };
}

/** Returns why there is no PgBouncer; undefined if there is one. As root, tries to install it by apt-get. */
function pgbouncerMissing(): string | undefined {
  if (isInstalled()) return undefined;
  if (process.getuid?.() !== 0) return 'PgBouncer is missing:  sudo apt-get install pgbouncer';
  const args = 'install -y --no-install-recommends -o DPkg::Lock::Timeout=120 pgbouncer';
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    execFileSync('apt-get', args.split(' '), { stdio: 'pipe', env });
  } catch (error) {
    return `PgBouncer is missing, and apt-get cannot install it: ${(error as Error).message}`;
  }
  return isInstalled() ? undefined : 'PgBouncer was installed, and cannot be run';
}

/** Debian installs PgBouncer in a folder that is only in the PATH of root. */
const program = () => (runs('pgbouncer') ? 'pgbouncer' : '/usr/sbin/pgbouncer');
const isInstalled = () => runs(program());
const runs = (file: string) => spawnSync(file, ['--version'], { stdio: 'ignore' }).status === 0;

async function canConnect(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString });
  const connected = await client.connect().catch(() => false);
  if (connected !== false) await client.end();
  return connected !== false;
}

/**
 * Starts `count` clients that send `sql` in a transaction, again and again, as an application does. `stop`
 * ends them, and returns their errors and the number of their transactions.
 */
export async function keepBusy(url: string, sql: string, count: number) {
  const errors: string[] = [];
  let answers = 0;
  let isOver = false;
  const work = async () => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    while (!isOver) {
      for (const statement of ['BEGIN', sql, 'COMMIT'])
        await client.query(statement).catch((error: unknown) => errors.push(String(error)));
      answers++;
    }
    await client.end();
  };
  const working = Array.from({ length: count }, work);
  const stop = async () => {
    isOver = true;
    await Promise.all(working);
    return { errors, answers };
  };
  onTestFinished(async () => {
    await stop();
  });
  await eventually('clients that get answers', () => Promise.resolve(answers > count));
  return { stop };
}
