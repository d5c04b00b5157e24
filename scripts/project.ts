import { hash as oneHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { failure } from './errors.js';
import { checkEffect } from './schema/check-effect.js';
import { contradiction } from './schema/effects.js';
import type { Patch } from './schema/model.js';
import { parseJson, type Settings } from './settings.js';

/** A migration of the project, with the effect that was written down for it. */
export interface Migration {
  readonly name: string;
  /** From the project's root, for people. */
  readonly file: string;
  readonly path: string;
  readonly effect: Patch;
  readonly effectFile: string;
  /** Of what the effect says; the same for a reformatted file. */
  readonly effectHash: string;
}

/** The migrations in their order, and what must exist before the first. */
export interface Project {
  readonly settings: Settings;
  readonly migrations: readonly Migration[];
  readonly prerequisites: Patch;
}

/** The effect file that belongs to no migration. */
export const PREREQUISITES = '0000_prerequisites';

const MIGRATION_FILE = /^(\d+)_[\w-]+\.(ts|js|mjs|cjs)$/;
const isMigrationFile = (name: string): boolean => MIGRATION_FILE.test(name) && !name.endsWith('.d.ts');
const nameOf = (file: string): string => file.replace(/\.\w+$/, '');

/**
 * Reads the names of the migrations, and the effects; the migrations themselves are loaded when they run.
 *
 * @param lenient for `snapshot`, which writes effects: those that are missing or wrong are taken as empty
 * @throws Failure `usage` for a file that is missing, cannot be read, or contradicts another
 */
export function readProject(settings: Settings, lenient = false): Project {
  const inside = settings.root + sep;
  const shown = (path: string) => (path.startsWith(inside) ? path.slice(inside.length) : relative(settings.root, path));
  const files = listFiles(settings.migrationsDir, shown).filter(isMigrationFile);
  const byNumber = new Map<number, string>();
  for (const file of files) {
    const number = Number(MIGRATION_FILE.exec(file)?.[1]);
    const other = byNumber.get(number);
    if (other !== undefined)
      throw failure('usage', 'duplicate-number', [other, file], { file: join(shown(settings.migrationsDir), file) });
    byNumber.set(number, file);
  }
  const read = (name: string): Patch => {
    const path = join(settings.effectsDir, `${name}.json`);
    try {
      return checkEffect(parseJson(readText(path, shown, 'effect-missing'), shown(path), 'effect-broken'), shown(path));
    } catch (error) {
      if (lenient) return {};
      throw error;
    }
  };
  const migrations = [...byNumber]
    .sort(([a], [b]) => a - b)
    .map(([, file]): Migration => {
      const name = nameOf(file);
      const path = join(settings.migrationsDir, file);
      const effect = read(name);
      const effectFile = shown(join(settings.effectsDir, `${name}.json`));
      return { name, file: shown(path), path, effect, effectFile, effectHash: hash(effect) };
    });
  const prerequisites = read(PREREQUISITES);
  const wrong = lenient
    ? undefined
    : contradiction(
        prerequisites,
        migrations.map(({ effect }) => effect),
      );
  if (wrong !== undefined) {
    const file = migrations[wrong.index]?.effectFile ?? '';
    throw failure('usage', 'effect-contradiction', [file, wrong.object, wrong.what], { file });
  }
  return { settings, migrations, prerequisites };
}

function listFiles(dir: string, shown: (path: string) => string): string[] {
  try {
    return readdirSync(dir);
  } catch (cause) {
    throw failure('usage', 'no-migrations', [shown(dir), (cause as NodeJS.ErrnoException).code ?? ''], {
      file: shown(dir),
      cause,
    });
  }
}

function readText(path: string, shown: (path: string) => string, code: 'effect-missing'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw failure('usage', code, [shown(path), (cause as NodeJS.ErrnoException).code ?? ''], {
      file: shown(path),
      cause,
    });
  }
}

/** The same for documents that say the same: keys in order, no white space. */
const hash = (effect: Patch): string => oneHash('sha256', canonical(effect)).slice(0, 32);

function canonical(value: Patch[string]): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  let text = '';
  for (const key of Object.keys(value).sort()) text += `,${JSON.stringify(key)}:${canonical(value[key] ?? null)}`;
  return `{${text.slice(1)}}`;
}
