/** How each of the compared programs is started. */
import type { Command } from './measure.ts';
import type { Project } from './projects.ts';

/** A program, and how to start it on the database with this URL. */
export type Start = (url: string) => Command;

/** How to start this program with these words: its compiled form by Node.js, and its sources by npm. */
export const ours = (
  { folder, compiled }: Project,
  ...words: string[]
): Record<'compiled' | 'npm run migrate', Start> => ({
  compiled: (url) => ({
    file: process.execPath,
    args: [compiled, ...words],
    cwd: folder,
    env: { DATABASE_URL: url },
  }),
  'npm run migrate': (url) => ({
    file: 'npm',
    args: ['run', 'migrate', ...words],
    cwd: folder,
    env: { DATABASE_URL: url },
  }),
});

/** How to start `up` of node-pg-migrate's CLI: with its cache, without it (as in a new container), by npm. */
export const framework = ({
  folder,
  cli,
}: Project): Record<'CLI' | 'CLI, cold' | 'npm run CLI', Start> => {
  const start = (env: Readonly<Record<string, string>>): Start => {
    const args = [cli, 'up', '-f', '.node-pg-migraterc.json'];
    return (url) => ({
      file: process.execPath,
      args,
      cwd: folder,
      env: { DATABASE_URL: url, ...env },
    });
  };
  return {
    CLI: start({}),
    'CLI, cold': start({ JITI_FS_CACHE: 'false' }),
    'npm run CLI': (url) => ({
      file: 'npm',
      args: ['run', 'cli', 'up'],
      cwd: folder,
      env: { DATABASE_URL: url },
    }),
  };
};
