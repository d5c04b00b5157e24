// What every peer is handed: the SQL files of a folder, in order, each [name, text].
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const [, , folder = '.'] = process.argv;
export const url = process.env.DATABASE_URL;
export const migrations = readdirSync(folder)
  .filter((file) => file.endsWith('.sql'))
  .sort()
  .map((file) => [file.replace('.sql', ''), () => readFileSync(join(folder, file), 'utf8')]);
