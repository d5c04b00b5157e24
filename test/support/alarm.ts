import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Difference } from '../../scripts/schema/compare.js';
import { call } from './call.js';
import { makeDatabase, type Database } from './database.js';
import { migration, write } from './project.js';

/** One thing that goes wrong with a schema, and all that the check has to say of it. */
export interface AlarmCase {
  readonly name: string;
  /** SQL that makes the objects: the only migration of a project of its own. */
  readonly make: string;
  /** SQL that spoils them by hand, behind the project's back. */
  readonly spoil: string;
  readonly differences: readonly Difference[];
  /** The oldest PostgreSQL that knows this. */
  readonly since?: number;
  /** Why a comparison of `pg_dump`s says the opposite of the check, where it does. */
  readonly unlikeDump?: string;
}

export type Rest = Pick<AlarmCase, 'since' | 'unlikeDump'>;

export const missing = (object: string, expected: string): Difference => ({ kind: 'missing', object, expected, found: null });
export const unexpected = (object: string, found: string): Difference => ({ kind: 'unexpected', object, expected: null, found });
export const changed = (object: string, expected: string, found: string): Difference => ({
  kind: 'changed',
  object,
  expected,
  found,
});

/** Something that an object can have or not: the case in which it is lost, and the case in which it is won. */
export interface Attribute extends Rest {
  readonly name: string;
  readonly base: string;
  readonly add: string;
  readonly remove: string;
  readonly object: string;
  readonly without: string;
  readonly with: string;
}

export function bothWays({ name, base, add, remove, object, without, with: has, ...rest }: Attribute): AlarmCase[] {
  return [
    { ...rest, name: `${name} is lost`, make: `${base}; ${add}`, spoil: remove, differences: [changed(object, has, without)] },
    { ...rest, name: `${name} is added`, make: base, spoil: add, differences: [changed(object, without, has)] },
  ];
}

/** A part of a table: the case in which it is gone, and the case in which somebody put it there. */
export interface PartCase extends Rest {
  readonly name: string;
  readonly base: string;
  readonly add: string;
  readonly remove: string;
  readonly object: string;
  readonly state: string;
}

export function comesAndGoes({ name, base, add, remove, object, state, ...rest }: PartCase): AlarmCase[] {
  return [
    { ...rest, name: `${name} is missing`, make: `${base}; ${add}`, spoil: remove, differences: [missing(object, state)] },
    { ...rest, name: `${name} is unexpected`, make: base, spoil: add, differences: [unexpected(object, state)] },
  ];
}

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
    if (code !== 0) throw new Error(`${argv.join(' ')} of «${make}» ended with ${code}: ${stdout}${stderr}`);
  }
  return { root, database };
}

/** What `check --strict` finds. */
export async function differencesIn(copy: Database, root: string): Promise<readonly Difference[]> {
  const result = await call(['check', '--json', '--strict'], { url: copy.url, root });
  const { differences, error } = result.json();
  if (result.code !== (differences.length === 0 ? 0 : 6)) throw new Error(`exit code ${result.code}: ${error?.message ?? ''}`);
  return differences as readonly Difference[];
}
