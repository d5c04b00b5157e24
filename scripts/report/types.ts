export type Direction = 'up' | 'down';

/** A fact that is not as expected. `expected` is null if the fact must not exist, `found` if it does not. */
export interface Difference {
  readonly kind: 'missing' | 'changed' | 'unexpected';
  /** The name for messages, such as `column public.user_workflows.template_id`. */
  readonly object: string;
  readonly expected: string | null;
  readonly found: string | null;
}

/** A migration that this run has applied or reverted. */
export interface Done {
  readonly name: string;
  readonly milliseconds: number;
}

/** Another session. `age` is the age of its transaction in seconds, or null if our role may not see it. */
export interface Session extends Readonly<
  Record<'application' | 'client' | 'state' | 'query', string>
> {
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

/** Something that the database or the role lacks, and the SQL statement or the step that adds it. */
export type Problem = Readonly<Record<'problem' | 'remedy', string>>;
