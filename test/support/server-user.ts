import { execFileSync, spawnSync } from 'node:child_process';
import { lchownSync } from 'node:fs';

/** The user that a child process runs as. Without ids, it is the user of this process. */
export interface ServerUser {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * The user that a PostgreSQL server runs as: the user of this process. PostgreSQL refuses to run as root, so
 * for root it is the user `postgres`, or `nobody` on a machine without a user `postgres`.
 */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return {};
  return lookUp('postgres') ?? lookUp('nobody') ?? {};
}

/** Makes a server's user the owner of a file or folder. Returns its path. */
export function chown(path: string, { uid, gid }: ServerUser): string {
  if (uid !== undefined && gid !== undefined) lchownSync(path, uid, gid);
  return path;
}

/** True if `user` can run `program`. Other users often cannot reach folders of root. */
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
