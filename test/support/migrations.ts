import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, textOf } from './root.ts';

/** The names of the migrations of this project, in order. */
export const migrations: readonly string[] = readdirSync(join(root, 'migrations'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace('.ts', ''))
  .sort();

const isIrreversible = (name: string) =>
  textOf(`migrations/${name}.ts`).includes('export const down = false');

/** The migrations that `down` can revert: those after the last one that is irreversible. */
export const reversible = migrations.slice(migrations.findLastIndex(isIrreversible) + 1);
