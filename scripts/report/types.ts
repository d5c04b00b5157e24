import type { Failure } from './errors.js';

export type Direction = 'up' | 'down';

/** One fact that is not as expected. `expected` is null where none should be, `found` where none is. */
export interface Difference {
  readonly kind: 'missing' | 'changed' | 'unexpected';
  /** As a person calls it: `column public.user_workflows.template_id`. */
  readonly object: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** A migration that this run has applied or reverted, and committed. */
export interface Done {
  readonly name: string;
  readonly milliseconds: number;
}

/** Another session on the server. `age` is in seconds, since its transaction began. */
export interface Session extends Readonly<
  Record<'application' | 'client' | 'state' | 'query', string>
> {
  readonly pid: number;
  readonly age: number;
}

/** Rows of a table, or values of a column, that a run would delete; `count` is at most {@link COUNT_LIMIT} + 1. */
export interface Loss {
  readonly table: string;
  readonly column: string | null;
  readonly count: number;
}
export const COUNT_LIMIT = 10_000;

/** Something that a run needs and the database does not have, and the statement or step that solves it. */
export type Problem = Readonly<Record<'problem' | 'remedy', string>>;

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
