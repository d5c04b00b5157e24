import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { orRefuse } from './errors.js';
import { once } from './once.js';
import type { Names, Schema } from './schema/model.js';
import { parseJson, type Settings } from './settings.js';

/** What a migration's file exports. */
export type Exports = Readonly<Record<string, unknown>>;

/** What `npm run build` has made of effects that it has checked, for a start that need not read one of them. */
export interface Built {
  readonly names: Names;
  /** What they come to after the last migration; read when it is first asked for. */
  readonly head: () => Head;
  readonly load: (file: string) => Promise<Exports>;
}

export interface Head {
  readonly schema: Schema;
  /** Of the effects, in the order of their migrations. */
  readonly hashes: readonly string[];
}

/** The files of a project: in their folders, or in what `npm run build` made of them. */
export interface Sources {
  /** The files of the migrations' folder, in no order. */
  readonly files: readonly string[];
  /** What is loaded for a file of these. */
  readonly pathOf: (file: string) => string;
  /** The effect with this name, as it is written down. */
  readonly effectOf: (name: string) => unknown;
  readonly built?: Built;
  /** How a file of the project is called from its root. */
  readonly shown: (path: string) => string;
}

/** @throws Failure `usage` for what is missing or cannot be read, now or when it is asked for */
export function openSources(settings: Settings): Sources {
  const { root, bundle } = settings;
  const inside = root + sep;
  const shown = (path: string) => (path.startsWith(inside) ? path.slice(inside.length) : relative(root, path));
  return { shown, ...(bundle === undefined ? fromFolders(settings, shown) : fromBundle(bundle, shown)) };
}

type Contents = Omit<Sources, 'shown'>;

function fromFolders({ migrationsDir, effectsDir }: Settings, shown: Sources['shown']): Contents {
  const read = (path: string) => orRefuse('effect-missing', shown(path), () => readFileSync(path, 'utf8'));
  return {
    files: orRefuse('no-migrations', shown(migrationsDir), () => readdirSync(migrationsDir)),
    pathOf: (file) => join(migrationsDir, file),
    effectOf(name) {
      const path = join(effectsDir, `${name}.json`);
      return parseJson(read(path), shown(path), 'effect-broken');
    },
  };
}

/** One file with the migrations, by their files' names, and some with what there is to know of them: see rolldown.config.ts. */
function fromBundle(bundle: string, shown: Sources['shown']): Contents {
  const read = (name: string): unknown => {
    const path = join(dirname(bundle), name);
    const text = orRefuse('effect-missing', shown(path), () => readFileSync(path, 'utf8'));
    return parseJson(text, shown(path), 'effect-broken', true);
  };
  const effects = once(() => read('effects.json') as Record<string, unknown>);
  const modules = once(async () => (await import(pathToFileURL(bundle).href)) as Record<string, Exports>);
  const { files, names } = read('project.json') as { files: string[]; names: Names };
  return {
    files,
    pathOf: () => bundle,
    effectOf: (name) => effects()[name],
    built: {
      names,
      head: once(() => read('head.json') as Head),
      load: async (file) => (await modules())[file] ?? {},
    },
  };
}

/** Writes a file of the project, and makes its folder. @throws Failure `usage` where that is not possible */
export function writeSource({ root }: Settings, path: string, text: string): void {
  orRefuse('not-written', relative(root, path), () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  });
}
