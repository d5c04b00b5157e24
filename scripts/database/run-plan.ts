import type { Direction } from '../ledger.js';
import type { Migration, Project } from '../project.js';
import type { Expectation } from '../schema/effects.js';

/** What a run is to do, and how. */
export interface RunPlan {
  readonly project: Project;
  readonly direction: Direction;
  /** In the order in which they run. */
  readonly migrations: readonly Migration[];
  /** The expected schema after the first `count` of them. */
  expectedAfter(count: number): Expectation;
  /** What the migrations table has to say then. */
  appliedAfter(count: number): readonly Migration[];
  /** Whether the migrations table has its column for the effect's hash already. */
  readonly hashed: boolean;
  readonly strict: boolean;
  readonly allowDataLoss: boolean;
  /** As PostgreSQL takes them: "2s". */
  readonly lockTimeout: string;
  readonly statementTimeout: string;
}

/** A migration of the run that is behind it. */
export interface Done {
  readonly name: string;
  readonly milliseconds: number;
}
