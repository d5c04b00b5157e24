import type { Result } from './types.js';

/** What is printed. `command` is null where the command line could not be understood. */
export interface Report extends Result {
  readonly command: string | null;
  readonly milliseconds: number;
}

/** All differences of a report: those that failed it, and the warnings. */
export const differencesOf = ({ error, failing = [], warnings = [] }: Result) => [
  ...(error?.details.differences ?? failing),
  ...warnings,
];

/** The report as other programs read it. */
export function asJson(report: Report): string {
  const { command, outcome, milliseconds, error, output, migrations } = report;
  const { version = null, applied = [], reverted = [], pending = [], database = null } = report;
  const { code, message, hint, details } = error ?? {};
  return JSON.stringify({
    ...{ command, outcome, exitCode: error?.exitCode ?? 0, version, applied, reverted, pending },
    ...{ differences: differencesOf(report), database, milliseconds },
    error: error ? { code, sqlstate: details?.sqlstate || null, message, hint } : null,
    ...{ migrations, output }, // JSON leaves out what is undefined.
  });
}
