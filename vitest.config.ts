import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    // Each test starts programs of its own, next to the server: more at once would only be slower.
    maxWorkers: 3,
    // A machine that is busy with other things makes a test late, not wrong: in CI it gets one more try, which is shown.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    // Against what hangs: half as fast a machine as this project was made on took a minute and three quarters for `npm start`.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
