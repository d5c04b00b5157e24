import { join, relative } from 'node:path';
import { failure } from '../report/errors.js';
import { closest } from '../report/closest.js';
import {
  expectation,
  isKind,
  merge,
  type Effect,
  type Expectation,
  type Facts,
} from '../schema/effects.js';
import { parseJson, readFile, readFolder } from './files.js';
import type { Settings } from './settings.js';

/** A migration of the project, with its effect. */
export interface Migration {
  readonly name: string;
  readonly path: string;
  /** Its file, and that of its effect, from the project's root. */
  readonly file: string;
  readonly effectFile: string;
  readonly effect: Effect;
}

/** The migrations in their order, and what must exist before the first. */
export interface Project {
  readonly settings: Settings;
  readonly migrations: readonly Migration[];
  readonly prerequisites: Effect;
  /** The objects that the effects and the prerequisites name. */
  readonly objects: readonly string[];
}

/** The effect file that belongs to no migration. */
export const PREREQUISITES = '0000_prerequisites';

const MIGRATION_FILE = /^(\d+)_[\w-]+\.(ts|js|mjs|cjs)$/;
/** Files that somebody may take for a migration; not what a compiler leaves beside one. */
const NEARLY = /^\d(?!.*(?:\.d\.[cm]?ts|\.map)$)/;

/**
 * Reads the names of the migrations, and the effects; a migration itself is loaded when it runs.
 *
 * @param lenient for `create` and `snapshot`, which come before the effects: one that is missing or wrong is empty
 * @throws Failure `usage` for a file that is missing or cannot be read
 */
export function readProject(settings: Settings, lenient = false): Project {
  const shown = (path: string): string => relative(settings.root, path);
  const readEffect = (name: string): Effect => {
    const path = join(settings.effectsDir, `${name}.json`);
    try {
      return checkEffect(parseJson(readFile(path, shown(path)), shown(path)), shown(path));
    } catch (error) {
      if (lenient) return {};
      throw error;
    }
  };
  const files = inOrder(
    readFolder(settings.migrationsDir, shown(settings.migrationsDir)),
    shown(settings.migrationsDir),
  );
  const migrations = files.map((file): Migration => {
    const name = file.replace(/\.\w+$/, '');
    const path = join(settings.migrationsDir, file);
    const effectFile = shown(join(settings.effectsDir, `${name}.json`));
    return { name, path, file: shown(path), effectFile, effect: readEffect(name) };
  });
  const prerequisites = readEffect(PREREQUISITES);
  const objects = new Set(
    [prerequisites, ...migrations.map(({ effect }) => effect)].flatMap(Object.keys),
  );
  return { settings, migrations, prerequisites, objects: [...objects] };
}

/** The expected schema when the first `count` migrations are applied, and the `reverted` ones after them taken back. */
export function expectedAt(
  { prerequisites, migrations }: Project,
  count: number,
  reverted = 0,
): Expectation {
  const effects = migrations.map(({ effect }) => effect);
  const applied = effects.slice(0, count);
  return expectation(
    prerequisites,
    { applied, pending: effects.slice(count) },
    effects.slice(count, count + reverted),
  );
}

/** The facts that are expected when the first `count` migrations are applied. */
export const factsAt = ({ prerequisites, migrations }: Project, count: number): Facts =>
  merge([prerequisites, ...migrations.slice(0, count).map(({ effect }) => effect)]);

/** The migrations among the files, by their numbers. */
function inOrder(files: readonly string[], folder: string): string[] {
  const byNumber = new Map<number, string>();
  for (const file of files) {
    const shown = join(folder, file);
    const digits = MIGRATION_FILE.exec(file)?.[1];
    if (digits === undefined && NEARLY.test(file))
      throw failure('usage', 'migration-name', [shown], { file: shown });
    if (digits === undefined) continue;
    const other = byNumber.get(Number(digits));
    if (other !== undefined)
      throw failure('usage', 'duplicate-number', [other, file], { file: shown });
    byNumber.set(Number(digits), file);
  }
  return [...byNumber].sort(([a], [b]) => a - b).map(([, file]) => file);
}

const OBJECT =
  /^(?:extension (?:"(?:[^"]|"")+"|[^". ]+)$|(?:(?:function|type|domain|sequence) )?("(?:[^"]|"")+"|[^". ]+)\..)/;
const PART = /^(?:column|constraint|index|trigger|policy) .|^(?:options|row security)$/;

/** Makes sure that a document has the form of an effect. @throws Failure `usage` that names the place in the file */
function checkEffect(document: unknown, file: string): Effect {
  const refuse = (reason: string): never => {
    throw failure('usage', 'bad-effect', [file, reason], { file });
  };
  const isObject = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(document)) return refuse('it is not an object');
  for (const [object, patch] of Object.entries(document) as [string, unknown][]) {
    if (!OBJECT.test(object))
      return refuse(
        `"${object}" is not the name of an object; write it with its schema: public.name`,
      );
    const isRelation = !/^[a-z]+ /.test(object);
    if (patch === null || (!isRelation && typeof patch === 'string')) continue;
    if (!isRelation || !isObject(patch))
      return refuse(`"${object}" has neither ${isRelation ? 'parts' : 'a definition'} nor null`);
    for (const [part, definition] of Object.entries(patch)) {
      const known = [
        'table',
        'view',
        'column',
        'constraint',
        'index',
        'trigger',
        'policy',
        'row security',
        'options',
      ];
      if (part === '' || !(isKind(part) || PART.test(part)))
        return refuse(
          `"${object}" has an unknown part "${part}"${closest(part.split(' ')[0] ?? '', known)}`,
        );
      if (definition !== null && typeof definition !== 'string')
        return refuse(`"${object}", "${part}" is neither text nor null`);
    }
  }
  return document as Effect;
}
