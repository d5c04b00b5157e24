import type { Options } from '../cli/options.js';
import type { Direction, Ledger } from '../ledger.js';
import type { Migration, Project } from '../project.js';
import type { Inspection } from './inspect.js';

/** Where the database is, and what is left to do. */
export interface View {
  readonly inspection: Inspection;
  readonly ledger: Ledger;
  /** In the order in which they run. */
  readonly migrations: readonly Migration[];
}

/** What a run is to do, and how. */
export interface RunPlan extends View, Options {
  readonly project: Project;
  readonly direction: Direction;
}

/** A migration of the run that is behind it. */
export interface Done {
  readonly name: string;
  readonly milliseconds: number;
}
