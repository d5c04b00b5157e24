/** `npm run db`: a PostgreSQL server to play with, until Ctrl-C. What is in it stays for the next time. */
import { once } from 'node:events';
import { join, relative } from 'node:path';
import picocolors from 'picocolors';
import { installedMajor } from './support/binaries.js';
import { findDatabase, fixture, makeDatabase } from './support/database.js';
import { startEmbedded } from './support/embedded.js';
import { root } from './support/root.js';

const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
const server = await startEmbedded({ folder: join(root, '.postgres', String(installedMajor())), preferredPort: 54320 });
