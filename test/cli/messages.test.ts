import { expect, test } from 'vitest';
import { exitCodes, failure, type Failure } from '../../scripts/report/errors.js';
import { examples } from './message-examples.js';

type Code = keyof typeof examples;
const failures = (Object.keys(examples) as Code[]).flatMap((code) =>
  examples[code].map((values) => failure(code, values as never)),
);

/** Write the file anew with: `npx vitest run test/cli/messages.test.ts -u`, and read it in the diff. */
test('messages.txt has the words of every failure, as they are printed', async () => {
  const text = ({ code, exitCode, message, hint }: Failure) =>
    `=== ${code} (exit code ${exitCode})\n${message}\n\n${hint}\n`;
  await expect(failures.map(text).join('\n')).toMatchFileSnapshot('messages.txt');
});

test('there is an outcome, and a message for each exit code', () => {
  const outcomes = new Set(failures.map(({ outcome }) => outcome));
  expect([...outcomes].sort()).toEqual(Object.keys(exitCodes).sort());
});

test('every failure says what happened, and what to do', () => {
  for (const { code, message, hint } of failures) {
    expect(`${code}: ${message}\n${hint}`).not.toMatch(
      /undefined|null(?! values)|\[object|NaN|; ;|→|\s$/,
    );
    expect(message.split('\n')[0], code).toMatch(/^[^\s].*[^.\s]$/);
    expect(hint.length, code).toBeGreaterThan(10);
  }
});
