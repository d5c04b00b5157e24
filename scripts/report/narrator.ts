import type { Event, StepProgress } from './events.js';
import { blockerLines, holderWords, lossLines, time } from './words.js';

const BAR_WIDTH = 24;
/** On a log, one line about a long step for this many looks at it: every few seconds. */
const LOOKS_PER_LINE = 5;

/** Says what happens during a run: a line each; a long step as a bar on a terminal, and as a line now and then elsewhere. */
export function narrator(write: (text: string) => void, terminal: boolean): (event: Event) => void {
  let looks = 0;
  let bar = false;
  return (event) => {
    if (event.type === 'progress') {
      if (terminal) write(`\r${barText(event.progress)}\u001b[K`);
      else if (looks++ % LOOKS_PER_LINE === 0) write(`${progressText(event.progress)}\n`);
      bar = terminal;
      return;
    }
    if (bar) write('\r\u001b[K');
    bar = false;
    write(`${eventText(event)}\n`);
  };
}

const percent = ({ done, total }: StepProgress): number =>
  total > 0 ? Math.min(100, Math.floor((100 * done) / total)) : 0;
const progressText = (progress: StepProgress): string => `${progress.phase}: ${percent(progress)} %`;

function barText(progress: StepProgress): string {
  const full = Math.round((percent(progress) / 100) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}] ${progressText(progress)}`;
}

function eventText(event: Exclude<Event, { type: 'progress' }>): string {
  switch (event.type) {
    case 'waiting':
      return `waiting for another run: ${holderWords(event.holder)}`;
    case 'blocked':
      return `waiting for a lock${blockerLines(event.blockers)}`;
    case 'retry':
      return `attempt ${event.attempt} of ${event.retries + 1}: ${event.reason}; rolled back, again in ${time(event.pause)}${blockerLines(event.blockers)}`;
    case 'deleting':
      return `deleted, as --allow-data-loss says:${lossLines(event.losses)}`;
  }
}
