import { fileURLToPath } from 'node:url';

/** The folder of this repository, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** For a test that runs in the repository without a database: the program must not use the one of `.env`. */
export const noDatabase = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
