import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Context, Success } from '../context.js';
import { failure } from '../errors.js';

/** Makes a migration from the project's template, with an empty effect file beside it. Needs no database. */
export function create({ argument = '', project, facts }: Context): Promise<Success> {
  const { settings, migrations } = project;
  const last = migrations.at(-1)?.name.split('_')[0] ?? '0000';
  const name = `${String(Number(last) + 1).padStart(last.length, '0')}_${argument}`;
  const file = join(settings.migrationsDir, `${name}.ts`);
  const effectFile = join(settings.effectsDir, `${name}.json`);
  for (const path of [file, effectFile])
    if (existsSync(path)) throw failure('usage', 'file-exists', [relative(settings.root, path)]);
  try {
    copyFileSync(settings.template, file);
  } catch (cause) {
    const template = relative(settings.root, settings.template);
    throw failure('usage', 'template-missing', [template, (cause as NodeJS.ErrnoException).code ?? ''], { cause });
  }
  mkdirSync(settings.effectsDir, { recursive: true });
  writeFileSync(effectFile, '{}\n');
  facts.output = [file, effectFile].map((path) => relative(settings.root, path)).join('\n');
  facts.pending = [name];
  return Promise.resolve('applied');
}
