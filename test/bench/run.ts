// `npm run bench [-- --quick]`: compares this program with node-pg-migrate's own CLI, and writes test/bench/RESULTS.md.
// --quick: few repetitions and rows; prints the report, and does not write it.
import { existsSync } from 'node:fs';

// Keep the server's files in memory where that is possible: waiting for a disk says nothing about a program.
if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';
void import('./bench.ts').then(({ bench }) => bench({ quick: process.argv.includes('--quick') }));
