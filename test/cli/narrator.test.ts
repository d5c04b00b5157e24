import { expect, test } from 'vitest';
import type { Event } from '../../scripts/report/types.js';
import { narrator } from '../../scripts/report/progress.js';

const told = (terminal: boolean, ...events: readonly Event[]): string => {
  let text = '';
  const tell = narrator((written) => (text += written), terminal);
  for (const event of events) tell(event);
  return text;
};
const session = {
  pid: 7,
  application: 'psql',
  client: '10.0.0.9',
  age: 12,
  state: 'idle in transaction',
  query: 'SELECT 1',
};
const progress = (done: number, total = 200): Event => ({
  type: 'progress',
  progress: { phase: 'building index: scanning table', done, total },
});

test('waiting for another run', () => {
  expect(told(false, { type: 'waiting', holder: session })).toBe(
    'waiting for another run: pid 7, "psql" from 10.0.0.9, for 12 s, idle in transaction: SELECT 1\n',
  );
  expect(told(false, { type: 'waiting', holder: undefined })).toBe(
    'waiting for another run: it let go at this moment, or is in another database behind the same pooler\n',
  );
});

test('waiting for a lock, trying again, deleting', () => {
  expect(
    told(
      true,
      { type: 'blocked', blockers: [{ ...session, application: '', query: '' }] },
      {
        type: 'retry',
        attempt: 1,
        retries: 10,
        pause: 1500,
        reason: 'canceling statement due to lock timeout',
        blockers: [],
      },
      { type: 'deleting', losses: [{ table: 'public.user_workflows', what: 'rows', count: 1234 }] },
    ),
  ).toBe(`waiting for a lock
in the way:
  pid 7, unnamed from 10.0.0.9, for 12 s, idle in transaction
attempt 1 of 11: canceling statement due to lock timeout; rolled back, again in 1.5 s
deleted, as --allow-data-loss says:
  public.user_workflows: 1,234 rows
`);
});

test('on a terminal a long step is a bar in one line, which goes when something else is said', () => {
  expect(told(true, progress(0), progress(50), progress(400), { type: 'waiting', holder: session })).toBe(
    [
      '\r[------------------------] building index: scanning table: 0 %\u001b[K',
      '\r[######------------------] building index: scanning table: 25 %\u001b[K',
      '\r[########################] building index: scanning table: 100 %\u001b[K',
      '\r\u001b[Kwaiting for another run: pid 7, "psql" from 10.0.0.9, for 12 s, idle in transaction: SELECT 1\n',
    ].join(''),
  );
});

test('in a log it is a line now and then, without any control character', () => {
  const looks = Array.from({ length: 11 }, (_, look) => progress(look * 20));
  expect(told(false, ...looks)).toBe(
    ['0 %', '50 %', '100 %'].map((share) => `building index: scanning table: ${share}\n`).join(''),
  );
});

test('a step whose length is not known yet', () => {
  expect(told(false, progress(0, 0))).toBe('building index: scanning table: 0 %\n');
});
