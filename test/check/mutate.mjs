/**
 * Changes one line or word of `scripts/schema` at a time, and looks whether the cases of test/check notice it. Prints
 * the changes that nothing notices, and the score. Not part of `npm test`: it takes some minutes.
 *
 *   node test/check/mutate.mjs [part of a file's name]
 */
await import('../../scripts/ts-node.mjs');
await import('./mutants/run.ts');
