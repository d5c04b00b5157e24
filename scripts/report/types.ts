/** What a run meets and a report tells. Only types and two limits: everything else may import this file. */

export type Direction = 'up' | 'down';

/** One fact of the schema that is not as expected. `expected` is null where none should be, `found` where none is. */
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

/** Another session on the server: it holds the run lock, or a table that a statement of the run waits for. */
export interface Session {
  readonly pid: number;
  readonly application: string;
  readonly client: string;
  readonly state: string;
  /** Seconds since its transaction began. */
  readonly age: number;
  readonly query: string;
}

/** Something that a run would delete. */
export interface Loss {
  /** As SQL names it. */
  readonly table: string;
  /** The column, as SQL names it; null where the whole table goes. */
  readonly column: string | null;
  /** Rows, or values of the column: at most {@link COUNT_LIMIT} + 1, which means "more than that". */
  readonly count: number;
}

/** Counting stops here: on a large table the exact number is worth less than the time. */
export const COUNT_LIMIT = 10_000;

/** Something that a run needs and the database does not have, and the statement or step that solves it. */
export interface Problem {
  readonly problem: string;
  readonly remedy: string;
}

/** What happens during a run that a person who waits wants to know. */
export type Event =
  | { readonly type: 'waiting'; readonly holder: Session | undefined }
  | { readonly type: 'blocked'; readonly blockers: readonly Session[] }
  | {
      readonly type: 'progress';
      readonly phase: string;
      readonly done: number;
      readonly total: number;
    }
  | { readonly type: 'notice'; readonly severity: string; readonly message: string }
  | { readonly type: 'statement'; readonly sql: string }
  | {
      readonly type: 'retry';
      readonly attempt: number;
      readonly retries: number;
      readonly pause: number;
      readonly reason: string;
      readonly blockers: readonly Session[];
    };

/** Where a command was connected to. */
export interface DatabaseInfo {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly serverVersion: string;
}

/** What is known of a database and a run; a failure carries as much of it as was known when it happened. */
export interface Known {
  /** The name of the last applied migration, or null before the first. */
  readonly version?: string | null;
  readonly applied?: readonly Done[];
  readonly reverted?: readonly Done[];
  readonly pending?: readonly string[];
  /** Differences that make the schema wrong, and those that are only worth a warning. */
  readonly failing?: readonly Difference[];
  readonly warnings?: readonly Difference[];
  readonly database?: DatabaseInfo;
  /** For `status`: every migration, and when it was applied. */
  readonly migrations?: readonly { readonly name: string; readonly appliedOn: string | null }[];
  /** What `plan`, `create` and `snapshot` print. */
  readonly output?: string;
}

/** The outcomes of a command that did what it was asked to, and found an answer. */
export type Outcome = 'applied' | 'reverted' | 'nothing-to-do' | 'matches' | 'differs' | 'planned';

/** What a command returns. */
export interface Result extends Known {
  readonly outcome: Outcome;
}
