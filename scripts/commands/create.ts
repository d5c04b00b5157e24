import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Context, Success } from '../context.js';
import { failure, orRefuse } from '../errors.js';
import { writeSource } from '../sources.js';

/** Makes a migration from the project's template, with an empty effect file beside it. Needs no database. */
export function create({ argument = '', project, facts }: Context): Promise<Success> {
  const { settings, migrations } = project;
  const last = migrations.at(-1)?.name.split('_')[0] ?? '0000';
  const name = `${String(Number(last) + 1).padStart(last.length, '0')}_${argument}`;
  const file = join(settings.migrationsDir, `${name}.ts`);
  const effectFile = join(settings.effectsDir, `${name}.json`);
  for (const path of [file, effectFile])
    if (existsSync(path)) throw failure('usage', 'file-exists', [relative(settings.root, path)]);
  const shown = relative(settings.root, settings.template);
  const template = orRefuse('template-missing', shown, () => readFileSync(settings.template, 'utf8'));
  writeSource(settings, effectFile, '{}\n'); // First: an effect without a migration is passed over.
  writeSource(settings, file, template);
  facts.output = [file, effectFile].map((path) => relative(settings.root, path)).join('\n');
  facts.pending = [name];
  return Promise.resolve('applied');
}
