/** True to run slow, random and exhaustive tests in full, as `npm run test:all` does. */
export const testAll = process.env['TEST_ALL'] === '1';
