export type Direction = 'up' | 'down';

/** A fact that is not as expected. `expected` is null if it must not exist, `found` if it does not. */
export interface Difference {
  readonly kind: 'missing' | 'changed' | 'unexpected';
  /** The name for messages, such as `column public.user_workflows.template_id`. */
  readonly object: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** A migration that a run has applied or reverted, and how long that took. */
export interface FinishedMigration {
  readonly name: string;
  readonly milliseconds: number;
}

/** Another session, with a text that describes it. */
export interface Session {
  readonly pid: string;
  readonly text: string;
}

/** What a run would delete: rows, or the values of a column. `count` stops at {@link COUNT_LIMIT} + 1. */
export interface Loss {
  readonly table: string;
  readonly column: string | null;
  readonly count: number;
}
export const COUNT_LIMIT = 10_000;

/** What the database or the role lacks. The remedy is an SQL statement, or says in words what to do. */
export type Problem = Readonly<Record<'problem' | 'remedy', string>>;
