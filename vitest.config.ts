import { defineConfig } from 'vitest/config';

/** The file to which the results are written as JSON, for .ci/run. */
const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    maxWorkers: 3,
    // Test files share imported modules, which saves a tenth of the time. No test may change a module.
    isolate: false,
    // In CI, a busy machine may cause a failure, so a failed test runs once more. The output shows this.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    // These only end a test that hangs.
    testTimeout: 900_000,
    hookTimeout: 300_000,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
