import { rmSync } from 'node:fs';
import { defineConfig } from 'rolldown';

rmSync('dist', { recursive: true, force: true });

/** The program with all that it needs in a few files, for a container that has Node.js and nothing else. */
export default defineConfig({
  input: 'scripts/migrate.ts',
  platform: 'node',
  external: ['pg-native', 'pg-cloudflare'], // Which pg looks for, and does without.
  output: { dir: 'dist/scripts' },
});
