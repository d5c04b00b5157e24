import type { Event } from './types.js';
import { blockerLines, sessionWords, time } from './wording.js';

const BAR_WIDTH = 24;
/** In a log, one line for this many reports of progress: every few seconds. */
const REPORTS_PER_LINE = 5;

/** Tells what happens during a run, a line each. On a terminal, a long statement has a bar. */
export function progressReporter(
  write: (text: string) => void,
  isTerminal: boolean,
  verbose = false,
) {
  let reports = 0;
  let hasBar = false;
  return (event: Event): void => {
    const text = textOf(event, verbose);
    if (event.type === 'progress' && isTerminal) {
      const full = Math.round((percentOf(event) / 100) * BAR_WIDTH);
      write(`\r[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}] ${text}\u001b[K`);
      hasBar = true;
    } else if (text !== '' && (event.type !== 'progress' || reports++ % REPORTS_PER_LINE === 0)) {
      write(`${hasBar ? '\r\u001b[K' : ''}${text}\n`);
      hasBar = false;
    }
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
