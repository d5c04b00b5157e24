import { messages, type MessageCode } from './messages.js';
import type { Difference, Known } from './types.js';

/** The outcomes of a command that failed, and the exit code of each: a contract with the programs that call this one. */
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
export type FailureOutcome = keyof typeof exitCodes;

interface FailureDetails {
  /** Of the PostgreSQL error behind it. */
  readonly sqlstate?: string | undefined;
  /** The file that it is about, from the project's root. */
  readonly file?: string | undefined;
  readonly differences?: readonly Difference[];
  readonly cause?: unknown;
  /** 130 or 143, where a signal ended the command. */
  readonly exitCode?: number;
}

/** A failure that a person can do something about. Its `code` is stable; the words come from the messages. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly hint: string;
  /** What was known of the database and the run when it failed. */
  known: Known = {};
  constructor(
    readonly outcome: FailureOutcome,
    readonly code: MessageCode,
    words: readonly [message: string, hint: string],
    readonly details: FailureDetails = {},
  ) {
    super(words[0], { cause: details.cause });
    this.hint = words[1];
  }
  get exitCode(): number {
    return this.details.exitCode ?? exitCodes[this.outcome];
  }
}

type Arguments<C extends MessageCode> = Parameters<(typeof messages)[C]>;

/** A {@link Failure} with the words that the messages have for its code. */
export function failure<C extends MessageCode>(
  outcome: FailureOutcome,
  code: C,
  values: Arguments<C>,
  details?: FailureDetails,
): Failure {
  const words = messages[code] as (...values: Arguments<C>) => readonly [string, string];
  return new Failure(outcome, code, words(...values), details);
}
