import { defineConfig } from 'vitest/config';

/** A file for the results as JSON; .ci/run adds them up. */
const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    maxWorkers: 3,
    // The files of a worker share what they import, which saves a tenth of the time: no test changes a module.
    isolate: false,
    // On a busy machine in CI, a test that failed gets a second try, which the output shows.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    // Only to end a test that hangs.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
