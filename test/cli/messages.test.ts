import { expect, test } from 'vitest';
import { exitCodes, failure } from '../../scripts/report/errors.ts';
import { messages } from '../../scripts/report/messages.ts';
import { textOf } from '../support/root.ts';

/** messages.txt lists failures, each by its code, values and details, with the texts that are printed. */
const file = textOf('test/cli/messages.txt');
const failures = [...file.matchAll(/^=== (\S+) .*\nvalues: (.*)$/gm)].map(
  ([, code, values = '']) => ({
    values,
    error: failure(code as keyof typeof messages, ...(JSON.parse(`[${values}]`) as [never])),
  }),
);

/** To update the texts: `npx vitest run test/cli/messages.test.ts -u`. Read them in the diff. */
test('messages.txt has the text of every failure, as it is printed, and of every outcome', async () => {
  const text = failures.map(
    ({ values, error: { code, exitCode, message, hint } }) =>
      `=== ${code} (exit code ${exitCode})\nvalues: ${values}\n\n${message}\n\n${hint}\n`,
  );
  await expect(text.join('\n')).toMatchFileSnapshot('messages.txt');
  const codes = new Set(failures.map(({ error }) => error.code));
  expect([...codes]).toEqual(expect.arrayContaining(Object.keys(messages)));
  const outcomes = new Set(failures.map(({ error }) => error.outcome));
  expect([...outcomes].sort()).toEqual(Object.keys(exitCodes).sort());
});

test('every failure has a message and a hint, without `undefined` and the like', () => {
  for (const { code, message, hint } of failures.map(({ error }) => error)) {
    expect(`${code}: ${message}\n${hint}`).not.toMatch(
      /undefined|null(?! values)|\[object|NaN|; ;|→|\s$/,
    );
    expect(message.split('\n')[0], code).toMatch(/^[^\s].*[^.\s]$/);
    expect(hint.length, code).toBeGreaterThan(10);
  }
});
