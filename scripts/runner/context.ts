import type { Connection, Connector } from '../database/connection.ts';
import type { Project } from '../project/project.ts';
import type { Settings } from '../project/settings.ts';
import type { Direction, Done, Session } from '../report/types.ts';
import type { SchemaCheck } from './check-schema.ts';
import type { Removed } from './data-loss.ts';
import type { RunLock } from './run-lock.ts';

type Flag = 'dryRun' | 'json' | 'strict' | 'allowDataLoss' | 'verbose' | 'quiet';
type Amount = 'lockWait' | 'connectWait' | 'lockTimeout' | 'statementTimeout' | 'retries';
/** The options of the command line. Waits are in seconds; timeouts are in milliseconds, and 0 means none. */
export type Options = Readonly<Partial<Record<Flag, boolean>> & Record<Amount, number>>;

/** What every command needs. Nothing in it changes. */
export interface Context extends Connector {
  readonly argument: string | undefined;
  readonly direction: Direction;
  readonly options: Options;
  readonly settings: Settings;
  readonly project: Project;
  /** Prints a message to stderr while the command runs. `--quiet` suppresses it. */
  readonly tell: (text: string) => void;
  /** The sessions that last blocked a statement of this program. */
  readonly blockers: () => readonly Session[];
}

/** What a run has done so far, in all its attempts. */
export interface Progress {
  /** The migrations that are applied (`up`) or reverted (`down`) and committed. */
  readonly up: Done[];
  readonly down: Done[];
  /** How many migrations are applied and committed. */
  count: number;
  /** True after what cannot be rolled back: a statement outside a transaction, a migration's own COMMIT. */
  wroteOutside: boolean;
  /** True from sending COMMIT until the server confirms it: it is unknown whether it has committed. */
  isCommitting: boolean;
  /** What earlier attempts removed. Before its first migration, the next attempt looks for data there. */
  removed: readonly Removed[];
}

/** What one attempt of a run works with. */
export interface Attempt extends Context {
  readonly connection: Connection;
  readonly lock: RunLock;
  /** The result of the check at the beginning of the attempt. */
  readonly before: SchemaCheck;
  readonly progress: Progress;
}
