/** How each contender is started. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from './measure.js';
import type { Project } from './projects.js';
import type { SqlForms } from './sql.js';

const node = process.execPath;
const here = fileURLToPath(new URL('.', import.meta.url));
const program = (name: string): string => `${here}node_modules/.bin/${name}`;

/** A way to do the work of a workload, on the database of this URL. */
export type Start = (url: string) => Command;

/** This program in both forms, by the words of its command line. */
export const ours = (
  { folder, compiled }: Project,
  ...words: string[]
): Record<'compiled' | 'npm run migrate', Start> => ({
  compiled: (url) => ({ file: node, args: [compiled, ...words], cwd: folder, env: { DATABASE_URL: url } }),
  'npm run migrate': (url) => ({
    file: 'npm',
    args: ['run', 'migrate', ...words],
    cwd: folder,
    env: { DATABASE_URL: url },
  }),
});

/** node-pg-migrate's own CLI: its jiti cache warm, without that cache, and by npm. */
export const framework = ({ folder, cli }: Project): Record<'CLI' | 'CLI, cold' | 'npm run CLI', Start> => {
  const args = [cli, 'up', '-f', '.node-pg-migraterc.json'];
  return {
    CLI: (url) => ({ file: node, args, cwd: folder, env: { DATABASE_URL: url } }),
    'CLI, cold': (url) => ({ file: node, args, cwd: folder, env: { DATABASE_URL: url, JITI_FS_CACHE: 'false' } }),
    'npm run CLI': (url) => ({ file: 'npm', args: ['run', 'cli', 'up'], cwd: folder, env: { DATABASE_URL: url } }),
  };
};

const script =
  (name: string, forms: SqlForms): Start =>
  (url) => ({ file: node, args: [`${here}peers/${name}.mjs`, forms.plain], cwd: here, env: { DATABASE_URL: url } });

/** The peers that are installed, on the same SQL. */
export function peers(forms: SqlForms): Record<string, Start> {
  if (!existsSync(`${here}node_modules`)) return {};
  return {
    ...Object.fromEntries(['knex', 'kysely', 'drizzle', 'umzug'].map((name) => [name, script(name, forms)])),
    dbmate: (url) => ({
      file: program('dbmate'),
      args: ['--no-dump-schema', '--migrations-dir', forms.dbmate, 'migrate'],
      cwd: here,
      env: { DATABASE_URL: `${url}?sslmode=disable` },
    }),
    'graphile-migrate': (url) => ({
      file: program('graphile-migrate'),
      args: ['migrate'],
      cwd: forms.graphile,
      env: { DATABASE_URL: url, ROOT_DATABASE_URL: new URL('/template1', url).href },
    }),
  };
}

/** What a Node.js program costs that does nothing, and one that connects and selects once: what is left is the work. */
export const idle = (forms: SqlForms): Record<string, Start> => ({
  'node -e 0': () => ({ file: node, args: ['-e', '0'], cwd: here }),
  'pg, SELECT 1': script('select', forms),
});

/** The least that can be done: the SQL alone, sent by psql in one transaction. */
export function floor(forms: SqlForms): Record<string, Start> {
  if (!isThere('psql')) return {};
  const args = ['-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-f', forms.all];
  return { 'psql -1 -f': (url) => ({ file: 'psql', args: [...args, url], cwd: here }) };
}

function isThere(file: string): boolean {
  try {
    execFileSync(file, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
