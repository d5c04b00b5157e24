export type Direction = 'up' | 'down';

/** A fact that is not as expected. `expected` is null if it must not exist, `found` if it does not exist. */
export interface Difference {
  readonly kind: 'missing' | 'changed' | 'unexpected';
  /** The name for messages, such as `column public.user_workflows.template_id`. */
  readonly object: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** A migration that this run has applied or reverted. */
export interface FinishedMigration {
  readonly name: string;
  readonly milliseconds: number;
}

/** Another session. `age`: seconds since it began its transaction, or became idle; null if not visible. */
export interface Session extends Record<'application' | 'client' | 'state' | 'query', string> {
  readonly pid: number;
  readonly age: number | null;
}

/** What a run would delete: rows, or the values of a column. `count` is at most {@link COUNT_LIMIT} + 1. */
export interface Loss {
  readonly table: string;
  readonly column: string | null;
  readonly count: number;
}
export const COUNT_LIMIT = 10_000;

/** Something that the database or the role lacks, and the remedy: an SQL statement, or what to do. */
export type Problem = Readonly<Record<'problem' | 'remedy', string>>;
