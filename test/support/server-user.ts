import { execFileSync, spawnSync } from 'node:child_process';

/** Whom a child process runs as; empty: the user of this process. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * The user that a PostgreSQL server runs as. PostgreSQL refuses to run as root: root's server runs as `postgres`, where
 * the machine has such a user, and as `nobody` where it has not.
 */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return {};
  return lookUp('postgres') ?? lookUp('nobody') ?? {};
}

/** Whether `user` can run `program`: root's own folders are often closed to everybody else. */
export function canRun(program: string, user: ServerUser): boolean {
  return spawnSync(program, ['--version'], { ...user, stdio: 'ignore' }).status === 0;
}

function lookUp(name: string): ServerUser | undefined {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
