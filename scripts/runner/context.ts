import type { Configuration } from '../database/configuration.js';
import type { Project } from '../project/project.js';
import type { Settings } from '../project/settings.js';
import type { Direction, Event } from '../report/types.js';

/** The options of the command line. Durations are as PostgreSQL reads them; `0` is none. */
export interface Options {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly strict: boolean;
  readonly allowDataLoss: boolean;
  /** Seconds. */
  readonly lockWait: number;
  /** Seconds. */
  readonly connectWait: number;
  readonly lockTimeout: string;
  readonly statementTimeout: string;
  readonly retries: number;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

/** What every command works with. Nothing in it changes. */
export interface Context {
  readonly command: string;
  readonly argument: string | undefined;
  /** For `plan`: which way. */
  readonly direction: Direction;
  readonly options: Options;
  readonly settings: Settings;
  readonly project: Project;
  readonly configuration: Configuration;
  readonly signal: AbortSignal;
  /** Rejected where a migration never finishes, rejects a promise that nobody waits for, or ignores a signal. */
  readonly stuck: Promise<never>;
  readonly emit: (event: Event) => void;
}

/** The migrations table, as a query of the state takes it. */
export const tableOf = ({ migrationsSchema, migrationsTable, quotedTable }: Settings) =>
  ({ schema: migrationsSchema, name: migrationsTable, sql: quotedTable }) as const;
