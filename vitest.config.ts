import { defineConfig } from 'vitest/config';

/** The file for the results as JSON, which .ci/run reads; undefined in other runs. */
const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    maxWorkers: 3,
    // Test files share imported modules, which saves a tenth of the time. So no test may change a module.
    isolate: false,
    // In CI, a busy machine may cause a failure, so a failed test runs once more. The output shows this.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    // These limits only end a test that would never end.
    testTimeout: 900_000,
    hookTimeout: 300_000,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
