import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'rolldown';

rmSync('dist', { recursive: true, force: true });

const files = readdirSync('migrations').filter((file) => /^\d+_[\w-]+\.(ts|js|mjs|cjs)$/.test(file));
const effectOf = (name) => [name, JSON.parse(readFileSync(`migrations/schema/${name}.json`, 'utf8'))];
const names = ['0000_prerequisites', ...files.map((file) => file.replace(/\.\w+$/, ''))];

/** All migrations as one module, and their effects as one file: a thousand files take longer to open than to run. */
const migrations = {
  name: 'migrations',
  resolveId: (id) => (id === 'migrations' ? id : null),
  load: (id) =>
    id === 'migrations'
      ? files.map((file) => `export * as '${file}' from ${JSON.stringify(resolve('migrations', file))};`).join('\n')
      : null,
  generateBundle() {
    const effects = Object.fromEntries(names.map(effectOf));
    this.emitFile({ type: 'asset', fileName: 'schema.json', source: JSON.stringify({ files, effects }) });
  },
};

const common = { platform: 'node', external: ['pg-native', 'pg-cloudflare'] }; // Which pg looks for, and does without.

/** The program and the migrations with all that they need, for a container that has Node.js and nothing else. */
export default defineConfig([
  { ...common, input: 'scripts/migrate.ts', output: { dir: 'dist/scripts' } },
  { ...common, input: { index: 'migrations' }, plugins: [migrations], output: { dir: 'dist/migrations' } },
]);
