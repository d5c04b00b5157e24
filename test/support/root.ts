import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this repository, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The text of a file of this repository. */
export const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The environment of tests that need no database: without it, the program would use the URL in `.env`. */
export const noDatabase = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
