import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';

/** `npm run build`: writes the program and the migrations to dist/, for a container that has only Node.js. */

const settings = readFileSync('.node-pg-migraterc.json', 'utf8');
const { 'migrations-dir': MIGRATIONS = 'migrations' } = JSON.parse(settings) as Record<
  string,
  string
>;
rmSync('dist', { recursive: true, force: true });

/** Declares dist/scripts as CommonJS, which loads in half the time. Copies the parser's WebAssembly file. */
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

const files = readdirSync(MIGRATIONS).filter(
  (file) => /^\d.*\.[cm]?[jt]s$/.test(file) && !file.endsWith('.d.ts'),
);

/** Copies all files beside the migrations: the effects, and files that a migration may read. */
const otherFiles: Plugin = {
  name: 'other-files',
  writeBundle() {
    const filter = (path: string): boolean =>
      !path.endsWith('.ts') && !files.includes(basename(path));
    cpSync(MIGRATIONS, join('dist', MIGRATIONS), { recursive: true, filter });
  },
};

/**
 * Leaves out packages that `pg` and node-pg-migrate import, but do not use in the compiled program. Without
 * the compiler jiti and without glob, node-pg-migrate loads in 3 ms instead of 18 ms.
 */
const withoutUnused: Plugin = {
  name: 'without-unused',
  resolveId: (id, importer = '') =>
    /^(pg-native|pg-cloudflare|jiti|glob)$/.test(id) &&
    /node_modules[/\\](pg|node-pg-migrate)[/\\]/.test(importer)
      ? '\0unused'
      : null,
  load: (id) => (id === '\0unused' ? NOTHING : null),
};
const NOTHING = `const nothing = () => undefined;
export { nothing as createJiti, nothing as glob };
export default undefined;`;

export default defineConfig([
  {
    platform: 'node',
    input: 'scripts/migrate.ts',
    plugins: [withoutUnused, manifest],
    output: {
      dir: 'dist/scripts',
      format: 'cjs',
      banner: 'globalThis.navigator ??= { userAgent: "Node.js" };', // See scripts/ts-node.cjs.
    },
  },
  {
    platform: 'node',
    input: files.map((file) => join(MIGRATIONS, file)),
    plugins: [withoutUnused, otherFiles],
    // In the sources, each migration has these two names, whatever its extension. A .mjs file has not.
    transform: {
      define: { __filename: 'import.meta.filename', __dirname: 'import.meta.dirname' },
      decorator: { legacy: true }, // This and `using` are not in Node.js yet. In the sources, jiti compiles both.
      target: 'node20.19',
    },
    // One output file for each migration, at its old place, so that it finds the files that it reads.
    output: {
      dir: join('dist', MIGRATIONS),
      format: 'esm',
      preserveModules: true,
      preserveModulesRoot: MIGRATIONS,
      entryFileNames: '[name].mjs',
    },
  },
]);
