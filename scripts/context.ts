import type { Invocation } from './cli/arguments.js';
import type { Address } from './database/address.js';
import type { Connection } from './database/connection.js';
import type { Done } from './database/run-plan.js';
import type { Ledger } from './ledger.js';
import type { Project } from './project.js';
import type { Event } from './report/events.js';
import type { Comparison, Difference } from './schema/compare.js';

/** The outcomes of a command that did what it was asked to. */
export type Success = 'applied' | 'reverted' | 'nothing-to-do' | 'matches' | 'planned' | 'differs';

/** What is known of a run so far; the report is made of it, also when the run fails halfway. */
export interface Facts {
  version: string | null;
  readonly applied: Done[];
  readonly reverted: Done[];
  pending: readonly string[];
  /** What makes the schema wrong, and what is only worth a warning. */
  failing: readonly Difference[];
  warnings: readonly Difference[];
  database: { host: string; port: number; name: string; serverVersion: string | null } | null;
  /** For `status`. */
  ledger?: Ledger;
  /** For `plan`, `create` and `snapshot`: what they print. */
  output?: string;
}

/** The facts before anything is known. */
export const noFacts = (): Facts => ({
  version: null,
  applied: [],
  reverted: [],
  pending: [],
  failing: [],
  warnings: [],
  database: null,
});

/** What a command works with. */
export interface Context extends Invocation {
  readonly project: Project;
  readonly address: Address;
  readonly signal: AbortSignal;
  /** Rejected where a migration waits for what never comes, or does not wait for what fails, or goes on after a signal. */
  readonly stuck: Promise<never>;
  readonly facts: Facts;
  readonly emit: (event: Event) => void;
}

/** Notes where a run is connected to. */
export function noteDatabase({ facts, address }: Context, connection: Connection): void {
  facts.database = {
    host: address.host,
    port: address.port,
    name: address.database,
    serverVersion: connection.serverVersion,
  };
}

/** Notes what the migrations table says. */
export function noteLedger({ facts }: Context, ledger: Ledger): void {
  facts.version = ledger.version;
  facts.pending = ledger.pending.map(({ name }) => name);
  facts.ledger = ledger;
}

/** Notes what a comparison says: whether the schema matches. */
export function noteComparison({ facts }: Context, { failing, warnings }: Comparison): boolean {
  facts.failing = failing;
  facts.warnings = warnings;
  return failing.length === 0;
}
