import { hash as oneHash } from 'node:crypto';
import { sep } from 'node:path';
import { failure } from './errors.js';
import { once } from './once.js';
import { checkEffect } from './schema/check-effect.js';
import { contradiction, expectation, type Expectation } from './schema/effects.js';
import type { Names, Patch, Schema, Section } from './schema/model.js';
import type { Settings } from './settings.js';
import { openSources, type Exports } from './sources.js';

/** A migration of the project, with the effect that was written down for it. */
export interface Migration {
  readonly name: string;
  /** From the project's root, for people. */
  readonly file: string;
  /** The file that holds it. */
  readonly path: string;
  /** What loads it from there, where it is one of several in that file; the framework otherwise. */
  readonly load: (() => Promise<Exports>) | undefined;
  readonly effect: Patch;
  readonly effectFile: string;
  /** Of what the effect says; the same for a reformatted file. Made when it is first asked for. */
  readonly effectHash: string;
}

/** The migrations in their order, and what must exist before the first. */
export interface Project {
  readonly settings: Settings;
  readonly migrations: readonly Migration[];
  readonly prerequisites: Patch;
  /** Of all objects that the effects and the prerequisites mention. */
  readonly names: Names;
  /**
   * The expected schema when the first `version` migrations are applied, and the `reverted` ones after them were taken
   * back by this run. The last answer is remembered, and no more: each is a whole schema.
   */
  readonly expectedAt: (version: number, reverted?: number) => Expectation;
  /** Puts together what is most often asked for: call it while there is something else to wait for. */
  readonly anticipate: () => void;
}

/** The effect file that belongs to no migration. */
export const PREREQUISITES = '0000_prerequisites';

const MIGRATION_FILE = /^(\d+)_[\w-]+\.(ts|js|mjs|cjs)$/;
/** Files that somebody takes for migrations, but not what a compiler leaves beside one. */
const NEARLY = /^\d(?!.*(?:\.d\.[cm]?ts|\.map)$)/;

/**
 * Reads the names of the migrations, and the effects; the migrations themselves are loaded when they run.
 *
 * @param lenient for `snapshot`, which writes effects: those that are missing or wrong are taken as empty
 * @throws Failure `usage` for a file that is missing, cannot be read, or contradicts another
 */
export function readProject(settings: Settings, lenient = false): Project {
  const sources = openSources(settings);
  const { built } = sources;
  const [folder, effectFolder] = [sources.shown(settings.migrationsDir), sources.shown(settings.effectsDir)];
  const effectFileOf = (name: string) => effectFolder + sep + name + '.json';
  const read = (name: string): Patch => {
    try {
      return built === undefined
        ? checkEffect(sources.effectOf(name), effectFileOf(name))
        : (sources.effectOf(name) as Patch);
    } catch (error) {
      if (lenient) return {};
      throw error;
    }
  };
  // A thousand of them take a while, and what the build has checked is not needed before the server has answered.
  const migrations = once(() =>
    inOrder(sources.files, folder).map((file, index): Migration => {
      const name = file.replace(/\.\w+$/, '');
      const effect = once(() => read(name));
      const effectHash = once(() => built?.head().hashes[index] ?? hash(effect()));
      return {
        name,
        file: folder + sep + file,
        path: sources.pathOf(file),
        load: built && (() => built.load(file)),
        get effect() {
          return effect();
        },
        effectFile: effectFileOf(name),
        get effectHash() {
          return effectHash();
        },
      };
    }),
  );
  const prerequisites = once(() => read(PREREQUISITES));
  const effects = once(() => migrations().map(({ effect }) => effect));
  if (built === undefined && !lenient) refuseContradiction(prerequisites(), migrations());
  const put = (version: number, reverted: number): Expectation =>
    expectation(prerequisites(), effects().slice(0, version), effects().slice(version, version + reverted));
  let last: { readonly version: number; readonly reverted: number; readonly expected: Expectation } | undefined;
  const expectedAt = (version: number, reverted = 0): Expectation => {
    if (last?.version !== version || last.reverted !== reverted) {
      const head = version === migrations().length ? built?.head() : undefined;
      const expected = head === undefined ? put(version, reverted) : withSchema(head.schema, () => put(version, 0));
      last = { version, reverted, expected };
    }
    return last.expected;
  };
  const hashes = () => migrations().map(({ effectHash }) => effectHash);
  return {
    settings,
    get migrations() {
      return migrations();
    },
    get prerequisites() {
      return prerequisites();
    },
    names: built?.names ?? namesOf([prerequisites(), ...effects()]),
    expectedAt,
    anticipate() {
      expectedAt(migrations().length);
      hashes();
    },
  };
}

function refuseContradiction(prerequisites: Patch, migrations: readonly Migration[]): void {
  const effects = migrations.map(({ effect }) => effect);
  const wrong = contradiction(prerequisites, effects);
  if (wrong === undefined) return;
  const file = migrations[wrong.index]?.effectFile ?? '';
  throw failure('usage', 'effect-contradiction', [file, wrong.object, wrong.what], { file });
}

/** An expectation whose schema is known: how far the comparison goes is only asked where something differs. */
function withSchema(schema: Schema, put: () => Expectation): Expectation {
  const whole = once(put);
  return {
    schema,
    get named() {
      return whole().named;
    },
    get owned() {
      return whole().owned;
    },
    get partial() {
      return whole().partial;
    },
  };
}

/** The migrations among the files, by their numbers. */
function inOrder(files: readonly string[], folder: string): string[] {
  const byNumber = new Map<number, string>();
  for (const file of files) {
    const digits = MIGRATION_FILE.exec(file)?.[1];
    if (digits === undefined) {
      if (NEARLY.test(file))
        throw failure('usage', 'migration-name', [folder + sep + file], { file: folder + sep + file });
      continue;
    }
    const number = Number(digits);
    const other = byNumber.get(number);
    if (other !== undefined) throw failure('usage', 'duplicate-number', [other, file], { file: folder + sep + file });
    byNumber.set(number, file);
  }
  return [...byNumber].sort(([a], [b]) => a - b).map(([, file]) => file);
}

function namesOf(effects: readonly Patch[]): Names {
  const names: Partial<Record<Section, Set<string>>> = {};
  for (const effect of effects)
    for (const [section, byKey] of Object.entries(effect) as [Section, Patch][])
      for (const key of Object.keys(byKey)) (names[section] ??= new Set()).add(key);
  return Object.fromEntries(Object.entries(names).map(([section, keys]) => [section, [...keys]]));
}

/** The same for documents that say the same: keys in order, no white space. */
const hash = (effect: Patch): string => oneHash('sha256', canonical(effect)).slice(0, 32);

function canonical(value: Patch[string]): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = '';
  for (const key of Object.keys(value).sort()) text += `,${JSON.stringify(key)}:${canonical(value[key] ?? null)}`;
  return `{${text.slice(1)}}`;
}
