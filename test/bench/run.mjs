// `npm run bench [-- --quick]`: compares this project with its peers, and writes test/bench/RESULTS.md.
//
// --quick: this program and node-pg-migrate's CLI alone, few repetitions, prints and writes nothing.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '../../scripts/ts-node.mjs';

// The server's files in memory, where the system has a place for that: what waits for a disk says nothing of a program.
if (existsSync('/dev/shm')) process.env.TMPDIR = '/dev/shm';
const quick = process.argv.includes('--quick');
const here = fileURLToPath(new URL('.', import.meta.url));
if (!quick && !existsSync(`${here}node_modules`)) {
  const flags = ['--prefix', here, '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...flags], { stdio: 'inherit' });
}
const { bench } = await import('./bench.ts');
await bench({ quick });
