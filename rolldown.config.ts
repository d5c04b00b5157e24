import { rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown';
import { PREREQUISITES, readProject } from './scripts/project.js';
import { readSettings } from './scripts/settings.js';

const settings = { ...readSettings(process.cwd(), {}), bundle: undefined }; // Not what was made last time.
const { migrations, prerequisites, names, expectedAt } = readProject(settings);
rmSync('dist', { recursive: true, force: true });

const files = migrations.map(({ path }) => basename(path));

/** All migrations as one module, and their effects, and what they come to, as one file: a thousand take longer to open than to run. */
const bundle: Plugin = {
  name: 'migrations',
  resolveId: (id) => (id === 'migrations' ? id : null),
  load: (id) =>
    id === 'migrations'
      ? migrations.map(({ path }) => `export * as '${basename(path)}' from ${JSON.stringify(path)};`).join('\n')
      : null,
  generateBundle() {
    const emit = (fileName: string, content: object) =>
      this.emitFile({ type: 'asset', fileName, source: JSON.stringify(content) });
    const hashes = migrations.map(({ effectHash }) => effectHash);
    const effects = migrations.map(({ name, effect }) => [name, effect] as const);
    emit('project.json', { files, names });
    emit('head.json', { schema: expectedAt(migrations.length).schema, hashes });
    emit('effects.json', Object.fromEntries([[PREREQUISITES, prerequisites], ...effects]));
  },
};

/** Node loads CommonJS in half the time; these are no modules, whatever the project's own `package.json` says. */
const manifest: Plugin = {
  name: 'manifest',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'package.json', source: '{"type":"commonjs"}' });
  },
};

const migrationsDir = join('dist', relative(settings.root, settings.migrationsDir));
// Which pg looks for, and does without.
const common: RolldownOptions = { platform: 'node', external: ['pg-native', 'pg-cloudflare'] };

/** The program and the migrations with all that they need, for a container that has Node.js and nothing else. */
export default defineConfig([
  { ...common, input: 'scripts/migrate.ts', plugins: [manifest], output: { dir: 'dist/scripts', format: 'cjs' } },
  {
    ...common,
    input: { index: 'migrations' },
    plugins: [bundle],
    output: { dir: migrationsDir, entryFileNames: '[name].mjs' },
  },
]);
