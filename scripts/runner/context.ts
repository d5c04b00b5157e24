import type { Connection, Connector } from '../database/connection.ts';
import type { Project } from '../project/project.ts';
import type { Settings } from '../project/settings.ts';
import type { Direction, FinishedMigration, Loss, Session } from '../report/types.ts';

type Flag = 'dryRun' | 'json' | 'strict' | 'allowDataLoss' | 'verbose' | 'quiet';
type Amount = 'lockWait' | 'connectWait' | 'lockTimeout' | 'statementTimeout' | 'retries';
/** The options of the command line. Waits are in seconds; timeouts are in milliseconds, and 0 means none. */
export type Options = Readonly<Partial<Record<Flag, boolean>> & Record<Amount, number>>;

/** What a command works with. No command changes it. */
export interface Context extends Connector {
  readonly argument: string | undefined;
  readonly direction: Direction;
  readonly options: Options;
  readonly settings: Settings;
  readonly project: Project;
  /** Prints a message to stderr while the command runs. `--quiet` suppresses it. */
  readonly tell: (text: string) => void;
  /** Returns the sessions that last blocked a statement of this program. */
  readonly blockers: () => readonly Session[];
}

/** A context with an open connection. */
export interface Connected extends Context {
  readonly connection: Connection;
}

/**
 * What a run has done so far, in all its attempts. A lost connection undoes none of it: the server rolls back
 * only the open transaction, and may even complete a statement outside a transaction.
 */
export class Progress {
  /** The migrations that this run has applied (`up`) or reverted (`down`), and committed. */
  readonly up: FinishedMigration[] = [];
  readonly down: FinishedMigration[] = [];
  /** What the run does now. `redo` first reverts, and then applies. */
  direction: Direction = 'up';
  /** How many migrations are applied and committed. */
  count = 0;
  /** True after a write outside a transaction or a COMMIT by a migration, until the run itself commits. */
  wroteOutside = false;
  /** True between COMMIT and the answer of the server. If no answer comes, the server may have committed. */
  isCommitting = false;
  /** Tables and columns that a rolled back attempt removed. The next attempt first looks for data in them. */
  removed: readonly Removed[] = [];
}

/** A table or column that was removed, with its name before the transaction. */
export type Removed = Omit<Loss, 'count'>;

/** Returns the rows of `query`, sent where the lock is held. @throws Failure `unavailable` if it is lost */
export type AssertLock = (query?: string) => Promise<unknown[]>;

/** One attempt of a run. Migrations run on `connection`, while another connection holds the run lock. */
export interface Attempt extends Connected {
  readonly assertLock: AssertLock;
  /** SQL that is true on the server where the run lock is held. */
  readonly isHeld: string;
  readonly progress: Progress;
}
