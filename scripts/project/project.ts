import { parse, resolve } from 'node:path';
import { failure } from '../report/errors.ts';
import { NAMED_PART, partsOf, type Effect } from '../schema/effects.ts';
import { readFolder, readJson } from './files.ts';
import type { Settings } from './settings.ts';

/** A migration with its effect. `path` is absolute, `file` is relative to the project's root. */
export interface Migration {
  readonly name: string;
  readonly path: string;
  readonly file: string;
  readonly effect: Effect;
}

/** The migrations in order, their effects, the prerequisites, and the names of all objects in both. */
export type Project = Readonly<ReturnType<typeof readProject>>;

/** The effect file, without `.json`, of the prerequisites: what must exist before the first migration. */
export const PREREQUISITES = '0000_prerequisites';

/** Matches the file of a migration. Its effect file must not be the one of the prerequisites. */
const MIGRATION = /^(?!0000_prerequisites\.)\d+_[\w-]+\.(ts|js|mjs|cjs)$/;
/** A file that begins with a digit must be a migration, unless a compiler wrote it (.d.ts, .map). */
const CANDIDATE = /^\d(?!.*(?:\.d\.[cm]?ts|\.map)$)/;
const numberOf = (file: string) => BigInt(/^\d+/.exec(file)?.[0] ?? '');

/**
 * Reads the names of the migrations, and their effects. The migrations themselves are loaded when they run.
 *
 * @param needsEffects false for `create` and `snapshot`, which must work if an effect is missing or wrong
 * @throws Failure `usage`
 */
export function readProject(settings: Settings, needsEffects: boolean) {
  const { root, migrationsDir, effectsDir } = settings;
  const readEffect = (name: string) => readJson(root, `${effectsDir}/${name}.json`, checkEffect);
  const files = readFolder(root, migrationsDir)
    .filter((file) => CANDIDATE.test(file))
    .sort((a, b) => (numberOf(a) < numberOf(b) ? -1 : 1));
  const migrations = files.map((fileName, index): Migration => {
    const file = `${migrationsDir}/${fileName}`;
    if (!MIGRATION.test(fileName)) throw failure('migration-name', [file], { file });
    const next = files[index + 1] ?? '';
    if (MIGRATION.test(next) && numberOf(next) === numberOf(fileName))
      throw failure('duplicate-number', [fileName, next], { file });
    const name = fileName.replace(/\.\w+$/, '');
    const effect = needsEffects ? readEffect(name) : {};
    return { name, path: resolve(root, file), file, effect };
  });
  const prerequisites = readEffect(PREREQUISITES);
  const known = new Set([PREREQUISITES, ...migrations.map(({ name }) => name)]);
  for (const fileName of needsEffects ? readFolder(root, effectsDir) : []) {
    const file = `${effectsDir}/${fileName}`;
    if (/^\d.*\.json$/.test(fileName) && !known.has(parse(fileName).name))
      throw failure('effect-alone', [file], { file });
  }
  const effects = migrations.map(({ effect }) => effect);
  const objects = [prerequisites, ...effects].flatMap((effect) => Object.keys(effect));
  return { migrations, effects, prerequisites, objects: [...new Set(objects)] };
}

/** Matches the beginning of `extension name`, `schema.name` and `kind schema.name`. Names may be quoted. */
const OBJECT =
  /^(extension .|((function|type|domain|sequence) )?("([^"]|"")+"|[^". ]+)\.("([^"]|"")+"|[^"]))/;
/** Matches a part that a table or a view has only once. {@link NAMED_PART} matches the others. */
const PART = /^(table|view|materialized view|foreign table|options|row security)$/;

/** Checks an effect: a misspelled part would never be compared. @throws Error */
function checkEffect(effect: Effect): void {
  for (const [object, patch] of Object.entries(effect)) {
    if (!OBJECT.test(object))
      throw new Error(`"${object}" is no object, such as public.name or "function public.name()"`);
    const isTable = !/^[a-z]+ /.test(object);
    const form = isTable ? 'an object with parts' : 'a string';
    if (patch !== null && typeof patch !== (isTable ? 'object' : 'string'))
      throw new Error(`"${object}" must be ${form}, or null`);
    for (const [part, definition] of partsOf(patch)) {
      if (isTable && !PART.test(part) && !NAMED_PART.test(part))
        throw new Error(`"${object}" has an unknown part "${part}"; one would be "column id"`);
      if (definition !== null && typeof definition !== 'string')
        throw new Error(`"${part}" of "${object}" must be a string, or null`);
    }
  }
}
