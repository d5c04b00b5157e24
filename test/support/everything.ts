/** Whether to run what is slow, random or exhaustive in full: `npm run test:all`. */
export const testAll = process.env['TEST_ALL'] === '1';
