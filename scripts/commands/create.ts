import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { failure } from '../report/errors.js';
import type { Result } from '../report/types.js';
import { readFile, writeFile } from '../project/files.js';
import type { Context } from '../runner/context.js';

/** Makes a migration from the project's template. Its effect is written by `snapshot`. Needs no database. */
export function create({ argument = '', project, settings }: Context): Promise<Result> {
  const last = project.migrations.at(-1)?.name.split('_')[0] ?? '0000';
  const name = `${String(Number(last) + 1).padStart(last.length, '0')}_${argument}`;
  const path = join(settings.migrationsDir, `${name}.ts`);
  const shown = relative(settings.root, path);
  if (existsSync(path)) throw failure('usage', 'file-exists', [shown]);
  writeFile(path, shown, readFile(settings.template, relative(settings.root, settings.template)));
  return Promise.resolve({ outcome: 'applied', pending: [name], output: shown });
}
