import { rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown';
import { PREREQUISITES, readProject } from './scripts/project.js';
import { readSettings } from './scripts/settings.js';

const settings = { ...readSettings(process.cwd(), {}), bundle: undefined }; // Not what was made last time.
const { migrations, prerequisites } = readProject(settings);
rmSync('dist', { recursive: true, force: true });

const files = migrations.map(({ path }) => basename(path));

/** All migrations as one module, and their effects as one file: a thousand files take longer to open than to run. */
const bundle: Plugin = {
  name: 'migrations',
  resolveId: (id) => (id === 'migrations' ? id : null),
  load: (id) =>
    id === 'migrations'
      ? migrations.map(({ path }) => `export * as '${basename(path)}' from ${JSON.stringify(path)};`).join('\n')
      : null,
  generateBundle() {
    const effects = Object.fromEntries([
      [PREREQUISITES, prerequisites],
      ...migrations.map(({ name, effect }) => [name, effect] as const),
    ]);
    this.emitFile({ type: 'asset', fileName: 'schema.json', source: JSON.stringify({ files, effects }) });
  },
};

const migrationsDir = join('dist', relative(settings.root, settings.migrationsDir));
// Which pg looks for, and does without.
const common: RolldownOptions = { platform: 'node', external: ['pg-native', 'pg-cloudflare'] };

/** The program and the migrations with all that they need, for a container that has Node.js and nothing else. */
export default defineConfig([
  { ...common, input: 'scripts/migrate.ts', output: { dir: 'dist/scripts' } },
  { ...common, input: { index: 'migrations' }, plugins: [bundle], output: { dir: migrationsDir } },
]);
