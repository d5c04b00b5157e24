import { messages, type MessageCode } from './report/messages.js';
import type { Difference } from './schema/compare.js';

/** The outcomes of a run that failed, and the exit code of each: a contract with the programs that call this one. */
export const failures = {
  error: 1,
  usage: 2,
  unavailable: 3,
  locked: 4,
  failed: 5,
  differs: 6,
  'data-loss': 7,
  partial: 8,
} as const;
export type FailureOutcome = keyof typeof failures;

/** What a failure knows besides its words. */
export interface FailureDetails {
  /** Of the PostgreSQL error behind it. */
  readonly sqlstate?: string | undefined;
  /** The file that it is about, from the project's root. */
  readonly file?: string | undefined;
  readonly differences?: readonly Difference[];
  readonly cause?: unknown;
  /** 128 + the signal's number, where a signal ended the run. */
  readonly exitCode?: number;
}

/** A failure that a person can do something about. Its `code` is stable; its message and hint come from the messages. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly hint: string;
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
    return this.details.exitCode ?? failures[this.outcome];
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

type FileCode = 'settings-missing' | 'template-missing' | 'effect-missing' | 'no-migrations' | 'not-written';

/** What is read or written gives. @throws Failure `usage` about `shown` where the file system refuses it */
export function orRefuse<T>(code: FileCode, shown: string, act: () => T, file = shown): T {
  try {
    return act();
  } catch (cause) {
    throw failure('usage', code, [shown, (cause as NodeJS.ErrnoException).code ?? ''], { file, cause });
  }
}

/** The SQLSTATE of an error that PostgreSQL sent (manual, appendix A); `undefined` for any other. */
export function sqlstateOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as object) ? code : undefined;
}
