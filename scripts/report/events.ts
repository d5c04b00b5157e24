/** What a run meets on its way, and people are told of. */

/** Another session on the server: it holds the run lock, or a statement of the run waits for it. */
export interface Session {
  readonly pid: number;
  readonly application: string;
  readonly client: string;
  readonly state: string;
  /** Seconds since its transaction began. */
  readonly age: number;
  readonly query: string;
}

/** How far a long statement is, as `pg_stat_progress_create_index` says (manual, 27.4.4). */
export interface StepProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** Something that a run would delete, counted. */
export interface Loss {
  /** Of the table, as SQL names it. */
  readonly table: string;
  /** The column, as SQL names it; none where the whole table goes. */
  readonly column?: string;
  /** `values`: the column goes. `nulls`: it becomes NOT NULL again, and rows without a value cannot stay. */
  readonly what: 'rows' | 'values' | 'nulls';
  /** At most {@link COUNT_LIMIT} + 1, which means "more than that". */
  readonly count: number;
}

/** Counting stops here: on a large table the exact number is worth less than the time. */
export const COUNT_LIMIT = 10_000;

/** Something that a run needs and the database does not have, and the step that mends it. */
export interface Obstacle {
  readonly problem: string;
  readonly remedy: string;
}

/** What happens during a run that a person who waits wants to know. */
export type Event =
  | { readonly type: 'waiting'; readonly holder: Session | undefined }
  | { readonly type: 'blocked'; readonly blockers: readonly Session[] }
  | { readonly type: 'progress'; readonly progress: StepProgress }
  | {
      readonly type: 'retry';
      readonly attempt: number;
      readonly retries: number;
      readonly pause: number;
      readonly reason: string;
      readonly blockers: readonly Session[];
    }
  | { readonly type: 'deleting'; readonly losses: readonly Loss[] };
