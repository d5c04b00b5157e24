import type { Event } from './types.js';
import { blockerLines, sessionWords, time } from './wording.js';

/** One line for this many reports of progress: every few seconds. */
const REPORTS_PER_LINE = 5;

/** Tells what happens during a run, a line each. */
export function progressReporter(write: (text: string) => void, verbose = false) {
  let reports = 0;
  return (event: Event): void => {
    const isDue = event.type !== 'progress' || reports++ % REPORTS_PER_LINE === 0;
    const text = isDue ? textOf(event, verbose) : '';
    if (text !== '') write(`${text}\n`);
  };
}

const percentOf = ({ done, total }: { readonly done: number; readonly total: number }) =>
  total > 0 ? Math.min(100, Math.floor((100 * done) / total)) : 0;

function textOf(event: Event, verbose: boolean): string {
  switch (event.type) {
    case 'waiting':
      return `waiting for another run: ${sessionWords(event.holder)}`;
    case 'blocked':
      return `waiting for a table lock${blockerLines(event.blockers)}`;
    case 'progress':
      return `${event.phase}: ${percentOf(event)} %`;
    case 'notice':
      return verbose || event.severity === 'WARNING' ? `${event.severity}: ${event.message}` : '';
    case 'statement':
      return verbose ? event.sql : '';
    case 'retry':
      return `attempt ${event.attempt} of ${event.retries + 1} failed: ${event.reason}; rolled back, next attempt in ${time(event.pause)}${blockerLines(event.blockers)}`;
  }
}
