import { cpSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { defineConfig, type Plugin, type RolldownOptions } from 'rolldown';

/** The program and the migrations with all that they need, for a container that has Node.js and nothing else. */

const MIGRATIONS = 'migrations';
rmSync('dist', { recursive: true, force: true });

/** Node.js loads CommonJS in half the time, whatever the project's own `package.json` says. */
const manifest: Plugin = {
  name: 'manifest',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'package.json', source: '{"type":"commonjs"}' });
  },
  writeBundle() {
    const parser = createRequire(import.meta.url).resolve('libpg-query');
    cpSync(join(parser, '../libpg-query.wasm'), 'dist/scripts/libpg-query.wasm');
  },
};

/** Effects, and whatever else a migration may read. */
const otherFiles: Plugin = {
  name: 'other-files',
  writeBundle() {
    const filter = (path: string): boolean => !path.endsWith('.ts');
    cpSync(MIGRATIONS, join('dist', MIGRATIONS), { recursive: true, filter });
  },
};

const files = readdirSync(MIGRATIONS).filter(
  (file) => /^\d.*\.[cm]?[jt]s$/.test(file) && !file.endsWith('.d.ts'),
);
const common: RolldownOptions = { platform: 'node', external: ['pg-native', 'pg-cloudflare'] };

export default defineConfig([
  {
    ...common,
    input: 'scripts/migrate.ts',
    plugins: [manifest],
    output: { dir: 'dist/scripts', format: 'cjs' },
  },
  {
    ...common,
    input: files.map((file) => join(MIGRATIONS, file)),
    plugins: [otherFiles],
    // Each file on its own, so that one that reads a file beside it finds it there.
    output: {
      dir: join('dist', MIGRATIONS),
      format: 'esm',
      preserveModules: true,
      preserveModulesRoot: MIGRATIONS,
      entryFileNames: '[name].mjs',
    },
  },
]);
