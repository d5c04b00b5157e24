import type { Failure } from './errors.js';
import type { Difference, Done } from './types.js';

/** What a command has come to, and what it knows then of the database and the run. */
export interface Result {
  readonly outcome: string;
  /** Null where the command has an answer. */
  readonly error?: Failure | null;
  /** The name of the last applied migration, or null before the first. */
  readonly version?: string | null;
  readonly applied?: readonly Done[];
  readonly reverted?: readonly Done[];
  readonly pending?: readonly string[];
  /** Differences that make the schema wrong, and those that are only worth a warning. */
  readonly failing?: readonly Difference[];
  readonly warnings?: readonly Difference[];
  readonly database?: { host: string; port: number; name: string; serverVersion: string };
  /** For `status`. */
  readonly migrations?: readonly { name: string; appliedOn: string | null }[];
  /** What `plan`, `create`, `snapshot` and `help` print. */
  readonly output?: string;
}

/** What is printed. `command` is null where the command line could not be understood. */
export interface Report extends Result {
  readonly command: string | null;
  readonly milliseconds: number;
}

/** The report as other programs read it. */
export function asJson(report: Report): string {
  const { command, outcome, milliseconds, error, output, migrations } = report;
  const { failing = [], warnings = [] } = report;
  const { version = null, applied = [], reverted = [], pending = [], database = null } = report;
  const { code, message, hint, details } = error ?? {};
  const differences = [...(details?.differences ?? failing), ...warnings];
  return JSON.stringify({
    ...{ command, outcome, exitCode: error?.exitCode ?? 0, version, applied, reverted, pending },
    ...{ differences, database, milliseconds },
    error: error ? { code, sqlstate: details?.sqlstate || null, message, hint } : null,
    ...{ migrations, output }, // JSON leaves out what is undefined.
  });
}
