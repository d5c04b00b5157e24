import { runMessages } from './messages-run.js';
import { usageMessages } from './messages-usage.js';
import type { Difference } from './types.js';

/** The outcomes of a command that failed, with the exit code of each: a contract with other programs. */
export const exitCodes = {
  error: 1,
  usage: 2,
  unavailable: 3,
  locked: 4,
  failed: 5,
  differs: 6,
  'data-loss': 7,
  partial: 8,
} as const;

/** The words of all failures, by outcome and code: the message, and after an arrow the hint. */
const byOutcome = { usage: usageMessages, ...runMessages };
export const messages = {
  ...usageMessages,
  ...runMessages.unavailable,
  ...runMessages.locked,
  ...runMessages.failed,
  ...runMessages.differs,
  ...runMessages['data-loss'],
  ...runMessages.partial,
  ...runMessages.error,
};
type Outcome = keyof typeof exitCodes;
type Code = keyof typeof messages;

interface Details {
  readonly sqlstate?: string;
  /** The file that it is about, from the project's root. */
  readonly file?: string;
  readonly differences?: readonly Difference[];
  readonly cause?: unknown;
  /** 130 or 143, where a signal ended the command. */
  readonly exitCode?: number;
}

/** A failure that a person can do something about. Its `code` is stable. */
export class Failure extends Error {
  readonly hint: string;
  constructor(
    readonly outcome: Outcome,
    readonly code: Code,
    words: string,
    readonly details: Details,
    readonly exitCode: number = details.exitCode ?? exitCodes[outcome],
  ) {
    const arrow = words.lastIndexOf('\n→ ');
    super(words.slice(0, arrow).trim(), { cause: details.cause });
    this.hint = words.slice(arrow + 3).trim();
  }
}

/** The failure of this code, with the words that the messages have for it. */
export function failure<C extends Code>(
  code: C,
  values: Parameters<(typeof messages)[C]>,
  details: Details = {},
): Failure {
  const words = messages[code] as (...values: Parameters<(typeof messages)[C]>) => string;
  const outcomes = Object.keys(byOutcome) as Outcome[];
  const outcome = outcomes.find((name) => code in byOutcome[name]) ?? 'error';
  return new Failure(outcome, code, words(...values), details);
}
