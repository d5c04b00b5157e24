import type { Failure } from './errors.ts';
import type { Difference, FinishedMigration } from './types.ts';

export type Success = 'applied' | 'reverted' | 'nothing-to-do' | 'matches' | 'planned';

/** What a command returns: its outcome, and what it knows about the database and the run. */
export interface Result {
  readonly outcome: Success | Failure['outcome'];
  readonly error?: Failure;
  readonly version?: string | null;
  readonly applied?: readonly FinishedMigration[];
  readonly reverted?: readonly FinishedMigration[];
  readonly pending?: readonly string[];
  /** Differences that do not make the schema wrong. `error` has those that do. */
  readonly warnings?: readonly Difference[];
  readonly database?: { host: string; port: number; name: string; serverVersion: string };
  /** All migrations, and when each was applied. Only `status` has them. */
  readonly migrations?: readonly { name: string; appliedOn: string | null }[];
  /** The text of `plan`, `help` and `--version`, or the files that `create` or `snapshot` has written. */
  readonly output?: string;
}

/** A result, with what else is printed. `command` is null if the command line is wrong. */
export interface Report extends Result {
  readonly command: string | null;
  readonly milliseconds: number;
}

/** The report as JSON, for other programs: one object on one line. */
export function asJson({ warnings = [], error, ...report }: Report, sqlstate: string): string {
  const { code, message, hint, details } = error ?? {};
  const unknown = { version: null, applied: [], reverted: [], pending: [], database: null };
  return JSON.stringify({
    ...unknown,
    ...report,
    exitCode: error?.exitCode ?? 0,
    differences: [...(details?.differences ?? []), ...warnings],
    error: error ? { code, sqlstate: sqlstate || null, message, hint } : null,
  });
}
