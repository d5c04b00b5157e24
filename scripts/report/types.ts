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

/** Another session on the server. `age` is in seconds, since its transaction began; null where the role may not see it. */
export interface Session extends Readonly<
  Record<'application' | 'client' | 'state' | 'query', string>
> {
  readonly pid: number;
  readonly age: number | null;
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
