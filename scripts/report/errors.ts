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

/** The words of all failures, by code: the message, and after an arrow the hint. */
export const messages = { ...usageMessages, ...runMessages };
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
    readonly outcome: keyof typeof exitCodes,
    readonly code: Code,
    words: string,
    readonly details: Details,
    readonly exitCode: number = details.exitCode ?? exitCodes[outcome],
  ) {
    const [message, hint = ''] = words.split('\n→ ');
    super(message, { cause: details.cause });
    this.hint = hint.trim();
  }
}

/** A {@link Failure} with the words that the messages have for its code. */
export function failure<C extends Code>(
  outcome: Failure['outcome'],
  code: C,
  values: Parameters<(typeof messages)[C]>,
  details: Details = {},
): Failure {
  const words = messages[code] as (...values: Parameters<(typeof messages)[C]>) => string;
  return new Failure(outcome, code, words(...values), details);
}
