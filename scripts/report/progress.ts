import type { Event } from './types.js';
import { blockerLines, sessionWords, time } from './wording.js';

const BAR_WIDTH = 24;
/** In a log, one line for this many reports of progress: every few seconds. */
const REPORTS_PER_LINE = 5;

/**
 * Tells what happens during a run, a line each: to `write`, whose terminal shows a long statement as a bar.
 *
 * @param verbose whether statements and notices are told, too; warnings always are
 */
export function progressReporter(
  write: (text: string) => void,
  isTerminal: boolean,
  verbose: boolean,
): (event: Event) => void {
  let reports = 0;
  let hasBar = false;
  return (event) => {
    if (event.type === 'progress') {
      const percent =
        event.total > 0 ? Math.min(100, Math.floor((100 * event.done) / event.total)) : 0;
      const text = `${event.phase}: ${percent} %`;
      const full = Math.round((percent / 100) * BAR_WIDTH);
      if (isTerminal)
        write(`\r[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}] ${text}\u001b[K`);
      else if (reports++ % REPORTS_PER_LINE === 0) write(`${text}\n`);
      hasBar = isTerminal;
      return;
    }
    const text = eventText(event, verbose);
    if (text === undefined) return;
    write(`${hasBar ? '\r\u001b[K' : ''}${text}\n`);
    hasBar = false;
  };
}

function eventText(
  event: Exclude<Event, { type: 'progress' }>,
  verbose: boolean,
): string | undefined {
  switch (event.type) {
    case 'waiting':
      return `waiting for another run: ${sessionWords(event.holder)}`;
    case 'blocked':
      return `waiting for a table lock${blockerLines(event.blockers)}`;
    case 'retry':
      return `attempt ${event.attempt} of ${event.retries + 1} failed: ${event.reason}; rolled back, next attempt in ${time(event.pause)}${blockerLines(event.blockers)}`;
    case 'notice':
      return verbose || event.severity === 'WARNING'
        ? `${event.severity}: ${event.message}`
        : undefined;
    case 'statement':
      return verbose ? event.sql : undefined;
  }
}
