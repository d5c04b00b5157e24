import type { Connector } from '../database/connection.ts';
import type { Project } from '../project/project.ts';
import type { Settings } from '../project/settings.ts';
import type { Direction, Session } from '../report/types.ts';

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
