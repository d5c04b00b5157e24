// `npm run bench [-- --quick]`: compares this program with node-pg-migrate's own CLI, and writes RESULTS.md.
// With --quick, it makes few repetitions with few rows, and prints the report instead of writing it.
import { existsSync } from 'node:fs';

// Keep the server's files in memory if possible: the benchmark compares programs, not disks.
if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';
void import('./bench.ts').then(({ bench }) => bench({ quick: process.argv.includes('--quick') }));
