import { join } from 'node:path';
import { readFile, writeFile } from '../project/files.ts';
import type { Project } from '../project/project.ts';
import type { Settings } from '../project/settings.ts';
import { failure } from '../report/errors.ts';
import type { Result } from '../report/report.ts';

/** `create`: copies the template to a new migration. Needs no database. `snapshot` writes the effect. */
export function create(argument = '', project: Project, settings: Settings): Result {
  const { root, template, migrationsDir } = settings;
  const slug = argument.toLowerCase().replaceAll(/[\s_]+/g, '-');
  const reason = `"${slug}" is not a name for a migration: use letters, digits and hyphens`;
  if (!/^[a-z0-9][a-z0-9-]*$/.test(slug)) throw failure('command-line', [reason]);
  const last = project.migrations.at(-1)?.name.split('_')[0] ?? '0000';
  const name = `${String(BigInt(last) + 1n).padStart(last.length, '0')}_${slug}`;
  const file = join(migrationsDir, `${name}.ts`);
  writeFile(root, file, readFile(root, template));
  return { outcome: 'applied', pending: [name], output: file };
}
