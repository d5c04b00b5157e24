/** `npm run db`: runs a PostgreSQL server to try things out, until Ctrl-C. The data stays for the next time. */
import { once } from 'node:events';
import { join } from 'node:path';
import picocolors from 'picocolors';
import { installedMajor } from './support/binaries.ts';
import { findDatabase, makeBase } from './support/database.ts';
import { startEmbedded } from './support/embedded.ts';
import { root } from './support/root.ts';

async function main(): Promise<void> {
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const server = await startEmbedded({
    folder: join(root, '.postgres', String(installedMajor)),
    preferredPort: 54320,
  }).catch((error: unknown) => {
    if (!/lock file .* already exists/.test(String(error))) throw error;
    console.error(
      'The server is already running in another terminal: use the DATABASE_URL that is shown there.',
    );
    process.exit(1);
  });
  try {
    const name = 'workflows';
    const { url } =
      (await findDatabase(server.url, name)) ?? (await makeBase(server.url, { name }));
    const { bold, cyan } = picocolors;
    console.log(`
A PostgreSQL server is running, with the application's base schema and some rows in it:

  ${bold(cyan(`DATABASE_URL=${url}`))}

Put that line into .env, or into the environment, and in another terminal:

  npm run migrate status
  npm run migrate up

Ctrl-C stops the server. Its files stay in ${server.folder}. To start again from nothing, delete that folder.
`);
    await interrupted;
  } finally {
    await server.stop();
  }
  console.log('The server is stopped.');
}

void main();
