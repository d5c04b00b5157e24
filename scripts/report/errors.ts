import { messages, type MessageCode } from './messages.js';
import type { Difference, Known } from './types.js';

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

interface FailureDetails {
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
  known: Known = {};
  constructor(
    readonly outcome: keyof typeof exitCodes,
    readonly code: MessageCode,
    message: string,
    readonly hint: string,
    readonly details: FailureDetails,
  ) {
    super(message, { cause: details.cause });
  }
  get exitCode(): number {
    return this.details.exitCode ?? exitCodes[this.outcome];
  }
}

type Values<C extends MessageCode> = Parameters<(typeof messages)[C]>;

/** A {@link Failure} with the words that the messages have for its code. */
export function failure<C extends MessageCode>(
  outcome: Failure['outcome'],
  code: C,
  values: Values<C>,
  details: FailureDetails = {},
): Failure {
  const words = messages[code] as (...values: Values<C>) => readonly [string, string];
  return new Failure(outcome, code, ...words(...values), details);
}
