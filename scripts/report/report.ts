import type { Failure } from './errors.js';
import type { Known } from './types.js';

/** What a command has come to. */
export interface Report {
  /** Null where the command line could not be understood. */
  readonly command: string | null;
  readonly outcome: string;
  readonly exitCode: number;
  readonly known: Known;
  readonly milliseconds: number;
  readonly error: Failure | null;
}

/** The report as other programs read it. */
export function asJson({ command, outcome, exitCode, known, milliseconds, error }: Report): string {
  return JSON.stringify({
    command,
    outcome,
    exitCode,
    version: known.version ?? null,
    applied: known.applied ?? [],
    reverted: known.reverted ?? [],
    pending: known.pending ?? [],
    differences: [
      ...(error?.details.differences ?? known.failing ?? []),
      ...(known.warnings ?? []),
    ],
    database: known.database ?? null,
    milliseconds,
    error: error && {
      code: error.code,
      sqlstate: error.details.sqlstate ?? null,
      message: error.message,
      hint: error.hint,
    },
    migrations: known.migrations, // JSON leaves out what is undefined.
    output: known.output,
  });
}
