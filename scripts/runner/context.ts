import type { Connector } from '../database/connection.ts';
import type { Project } from '../project/project.ts';
import type { Settings } from '../project/settings.ts';
import type { Direction, Session } from '../report/types.ts';

/** The options of the command line. Waits are in seconds; timeouts are in milliseconds, and 0 means none. */
export interface Options {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly strict?: boolean;
  readonly allowDataLoss?: boolean;
  readonly lockWait: number;
  readonly connectWait: number;
  readonly lockTimeout: number;
  readonly statementTimeout: number;
  readonly retries: number;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
}

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
