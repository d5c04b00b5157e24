/** What a run meets and a report tells. Only types, and a limit: every other file may import this one. */

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
export interface Session {
  readonly pid: number;
  readonly application: string;
  readonly client: string;
  readonly state: string;
  readonly age: number;
  readonly query: string;
}

/** Rows of a table, or values of a column, that a run would delete. Names are as SQL writes them. */
export interface Loss {
  readonly table: string;
  readonly column: string | null;
  /** At most {@link COUNT_LIMIT} + 1, which means "more than that". */
  readonly count: number;
}
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
      /** Milliseconds. */
      readonly pause: number;
      readonly reason: string;
      readonly blockers: readonly Session[];
    };

/** What is known of a database and a run. A failure carries as much of it as was known when it happened. */
export interface Known {
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
  readonly migrations?: readonly { readonly name: string; readonly appliedOn: string | null }[];
  /** What `plan`, `create` and `snapshot` print. */
  readonly output?: string;
}

/** What a command returns. */
export interface Result extends Known {
  readonly outcome: 'applied' | 'reverted' | 'nothing-to-do' | 'matches' | 'differs' | 'planned';
}
