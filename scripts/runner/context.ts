import type { Connector } from '../database/connection.js';
import type { Project } from '../project/project.js';
import type { Settings } from '../project/settings.js';
import type { Direction } from '../report/types.js';

/** The options of the command line. Waits are in seconds, timeouts in milliseconds; 0 is none. */
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

/** What every command works with. Nothing in it changes. */
export interface Context extends Connector {
  readonly argument: string | undefined;
  readonly direction: Direction;
  readonly options: Options;
  readonly settings: Settings;
  readonly project: Project;
  /** Tells what happens during a run, a line each, to a person who waits. */
  readonly tell: (text: string) => void;
}
