import { expect, test } from 'vitest';
import { messages, type MessageCode } from '../../scripts/report/messages.js';
import { examples } from './message-examples.js';

const codes = Object.keys(messages) as MessageCode[];
const wordsOf = (code: MessageCode): (readonly [message: string, hint: string])[] => {
  const words = messages[code] as (...values: readonly unknown[]) => readonly [string, string];
  return examples[code].map((values) => words(...values));
};

test('every failure has its example', () => {
  expect(Object.keys(examples).sort()).toEqual([...codes].sort());
});

/** The file is there to be read: all that this program ever says when something fails, as it says it. */
test('the words of every failure are those in messages.txt', async () => {
  const all = codes.flatMap((code) => wordsOf(code).map(([message, hint]) => `=== ${code}\n${message}\n\n${hint}\n`));
  await expect(all.join('\n')).toMatchFileSnapshot('messages.txt');
});

test.for(codes)('%s says what happened and what to do, and nothing that was not meant', (code) => {
  for (const [message, hint] of wordsOf(code)) {
    expect(`${message}${hint}`).not.toMatch(/undefined|null\b|\[object|NaN|; ;|\s$/);
    expect(message.split('\n')[0]).not.toMatch(/\.$/);
    expect(hint.length).toBeGreaterThan(10);
  }
});
