import { messages } from './messages.ts';
import type { Difference } from './types.ts';
import { differenceLines, plural } from './wording.ts';

/** The exit code of each outcome of a failed command. Other programs rely on these codes. */
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

type Outcome = keyof typeof exitCodes;
type Code = keyof typeof messages;

interface Details {
  /** The file that the user must correct. Its path is relative to the project's root. */
  readonly file?: string | undefined;
  /** The differences to list at the end of the message. */
  readonly differences?: readonly Difference[];
  /** What else the check found: differences that alone would not fail it. */
  readonly warnings?: readonly Difference[];
  readonly cause?: unknown;
  /** 130 or 143, if a signal ended the command. */
  readonly exitCode?: number;
}

/** An error for people. `message` says what happened, `hint` what to do. Programs rely on `code`. */
export class Failure extends Error {
  readonly exitCode: number;
  constructor(
    readonly outcome: Outcome,
    readonly code: Code,
    message: string,
    readonly hint: string,
    readonly details: Details,
  ) {
    super(message, { cause: details.cause });
    this.exitCode = details.exitCode ?? exitCodes[outcome];
  }
}

/** Makes the failure with this code. `values` are inserted into its text, such as the name of a file. */
export function failure<C extends Code>(
  code: C,
  values: Parameters<(typeof messages)[C]>,
  details: Details = {},
): Failure {
  const text = (messages[code] as (...values: unknown[]) => string)(...values);
  const parts = /^\n?(\S+): (.*)\n→ (.*)$/s.exec(text); // A test checks that every text matches.
  const [, outcome, message, hint] = parts as unknown as [string, Outcome, string, string];
  const { differences } = details;
  const lines = differences
    ? ` (${plural(differences.length, 'difference')})\n\n${differenceLines(differences)}`
    : '';
  return new Failure(outcome, code, redact(message.trim() + lines), hint.trim(), details);
}

/**
 * Hides passwords, as in `postgres://…`, `Command failed: PGPASSWORD=… psql` and `ALTER ROLE … PASSWORD '…'`,
 * the last two also if the end is cut off. Replaces control characters: a name, or the query of another
 * session, may contain one that changes what a terminal shows.
 */
export const redact = (text: string) =>
  text
    .replaceAll(/(?![\t\n]|\r\n)\p{Cc}/gu, '?')
    .replaceAll(/(:\/\/[^\s:/@]*:)[^\s/"]+@/g, '$1***@')
    .replaceAll(/(password=)('[^'\n]*'?|"[^"\n]*"?|[^\s'"&]+)/gi, '$1***')
    // `EXECUTE 'ALTER ROLE … PASSWORD ''…'''`: in a string, the quotes of another string are doubled.
    .replaceAll(/(password:?\s+)E?''[^'\n]+'{0,2}/gi, '$1***')
    .replaceAll(/(password:?\s+)(\$\w*\$).*?(?:\2|$)/gim, '$1***') // pgm.createRole() writes $pga$…$pga$.
    .replaceAll(/(password:?\s+)(E?(?:'[^'\n]*'?)+|"[^"]*")/gi, '$1***');
