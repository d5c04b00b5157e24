import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Difference } from '../../scripts/report/types.js';
import type { Rest } from './cases/case.js';
import { call } from '../support/call.js';
import { makeDatabase, type Database } from '../support/database.js';
import { migration, write } from '../support/project.js';

/** The major version of the server of this run. */
export const major = (): number => Number.parseInt(inject('server').version);

export const isKnownHere = ({ since = 0 }: Rest): boolean => major() >= since;

/** A project with one migration, and a database that it was applied to, to make copies of. */
interface Scene {
  readonly root: string;
  readonly database: Database;
}

/** Makes a scene once for each `make`: a project whose effect `migrate snapshot` wrote, applied, and checked in silence. */
export class Stage {
  readonly #scenes = new Map<string, Promise<Scene>>();

  async of(make: string): Promise<Scene> {
    let scene = this.#scenes.get(make);
    if (scene === undefined) this.#scenes.set(make, (scene = build(make)));
    return scene;
  }

  /** Runs `use` with a copy of the scene's database. */
  async withCopy<T>(make: string, use: (copy: Database, root: string) => Promise<T>): Promise<T> {
    const { root, database } = await this.of(make);
    const copy = await makeDatabase(inject('server').url, { template: database.name });
    try {
      return await use(copy, root);
    } finally {
      await copy.drop();
    }
  }

  async close(): Promise<void> {
    // The databases go with the server, if the run is cut off before.
    for (const scene of await Promise.allSettled(this.#scenes.values())) {
      if (scene.status === 'rejected') continue;
      rmSync(scene.value.root, { recursive: true, force: true });
      await scene.value.database.drop();
    }
  }
}

async function build(make: string): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), 'migrate-alarm-'));
  write(root, {
    'package.json': { type: 'module' },
    '.node-pg-migraterc.json': { 'migrations-dir': 'migrations', schema: 'public' },
    'migrations/schema/0000_prerequisites.json': {},
    'migrations/schema/0001_make.json': {},
    'migrations/0001_make.js': migration(`pgm.sql(${JSON.stringify(make)});`, ''),
  });
  const database = await makeDatabase(inject('server').url);
  for (const argv of [['snapshot'], ['up', '--strict'], ['check', '--strict']]) {
    const { code, stdout, stderr } = await call(argv, { url: database.url, root });
    if (code !== 0)
      throw new Error(`${argv.join(' ')} of «${make}» ended with ${code}: ${stdout}${stderr}`);
  }
  return { root, database };
}

/** What `check --strict` finds. */
export async function differencesIn(copy: Database, root: string): Promise<readonly Difference[]> {
  const result = await call(['check', '--json', '--strict'], { url: copy.url, root });
  const { differences, error } = result.json();
  if (result.code !== (differences.length === 0 ? 0 : 6))
    throw new Error(`exit code ${result.code}: ${error?.message ?? ''}`);
  return differences as readonly Difference[];
}
