import type { Failure } from './errors.js';
import type { Known } from './types.js';

/** What a command has come to. `command` is null where the command line could not be understood. */
export interface Report {
  readonly command: string | null;
  readonly outcome: string;
  readonly exitCode: number;
  readonly known: Known;
  readonly milliseconds: number;
  readonly error: Failure | null;
}

/** All differences of a report: those that failed it, and the warnings. */
export const differencesOf = ({ known, error }: Report) => [
  ...(error?.details.differences ?? known.failing ?? []),
  ...(known.warnings ?? []),
];

/** The report as other programs read it. */
export function asJson(report: Report): string {
  const { command, outcome, exitCode, known, milliseconds, error } = report;
  const { version = null, applied = [], reverted = [], pending = [], database = null } = known;
  const differences = differencesOf(report);
  const { code, message, hint, details } = error ?? {};
  return JSON.stringify({
    ...{
      command,
      outcome,
      exitCode,
      version,
      applied,
      reverted,
      pending,
      differences,
      database,
      milliseconds,
    },
    error: error && { code, sqlstate: details?.sqlstate || null, message, hint },
    migrations: known.migrations, // JSON leaves out what is undefined.
    output: known.output,
  });
}
