/** How much a disk holds after an install. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { root } from '../support/root.js';
import { run } from './measure.js';
import { work } from './projects.js';

export interface Size {
  readonly name: string;
  readonly megabytes: number;
}

type Versions = Readonly<Record<string, string>>;
const versionsIn = (file: string): Versions =>
  (JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Versions }).dependencies;

/** Installs this project with and without its development dependencies, and each peer with what it needs for PostgreSQL. */
export async function installedSizes(): Promise<Size[]> {
  const {
    dbmate,
    'graphile-migrate': graphile,
    pg = '',
    ...others
  } = versionsIn(fileURLToPath(new URL('package.json', import.meta.url)));
  const { 'node-pg-migrate': framework } = versionsIn(join(root, 'package.json'));
  const peers: [string, Versions][] = [
    ['node-pg-migrate', { 'node-pg-migrate': framework ?? '', pg }],
    ...Object.entries(others).map(([name, version]): [string, Versions] => [name, { [name]: version, pg }]),
    ['dbmate', { dbmate: dbmate ?? '' }],
    ['graphile-migrate', { 'graphile-migrate': graphile ?? '' }],
  ];
  const sizes = [
    await sizeOf('this project', undefined, ['ci', '--omit=dev']),
    await sizeOf('this project, with development dependencies', undefined, ['ci']),
  ];
  for (const [name, dependencies] of peers) sizes.push(await sizeOf(name, dependencies, ['install']));
  return sizes.filter(({ megabytes }) => !Number.isNaN(megabytes));
}

async function sizeOf(name: string, dependencies: Versions | undefined, npm: readonly string[]): Promise<Size> {
  const folder = join(work, 'installed', name.replaceAll(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  if (dependencies === undefined)
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(root, file), join(folder, file));
  else writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  const { code } = await run(['npm', ...npm, ...flags], folder);
  const { output } = await run(['du', '-sk', 'node_modules'], folder);
  return { name, megabytes: code === 0 ? Number.parseInt(output) / 1024 : NaN };
}
