import { withConnection, type Connection } from '../database/connection.js';
import { serverFailure } from '../database/pg-errors.js';
import { pendingAt, versionAt } from '../project/version.js';
import { Failure, failure } from '../report/errors.js';
import type { Known, Problem, Result } from '../report/types.js';
import type { SchemaCheck } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';
import { tableProblems } from '../runner/preflight.js';
import type { State } from '../schema/state.js';

/** Runs a command that only reads, on one connection. */
export const withReader = <T>(
  context: Context,
  use: (connection: Connection) => Promise<T>,
): Promise<T> => {
  const { configuration, command, options, signal } = context;
  return withConnection(
    configuration,
    { purpose: 'run', command, wait: options.connectWait, signal },
    use,
  );
};

/** What is known of a database when this many migrations are applied. */
export function knownAt(
  { configuration, project }: Context,
  { serverVersion }: Connection,
  count: number,
) {
  const { host, port, database: name } = configuration;
  const database = { host, port, name, serverVersion };
  return { version: versionAt(project, count), pending: pendingAt(project, count), database };
}

/** The result of a check. */
export function resultOf(
  context: Context,
  connection: Connection,
  { count, failing, warnings }: SchemaCheck,
  outcome: 'matches' | 'nothing-to-do',
): Result {
  const isMatch = failing.length === 0;
  return {
    outcome: isMatch ? outcome : 'differs',
    ...knownAt(context, connection, count),
    failing,
    warnings,
  };
}

/** Adds what is known to a failure, which may know better already. Other errors become failures where they can. */
export function withKnown(error: unknown, known: Known): unknown {
  const reason = error instanceof Failure ? error : (serverFailure(error) ?? error);
  if (reason instanceof Failure) reason.known = { ...known, ...reason.known };
  return reason;
}

/** The failure of a command that a signal has ended. */
export function interrupted(
  signal: AbortSignal,
  version: string | null | undefined,
  cause: unknown,
): Failure {
  const name = String(signal.reason);
  const exitCode = name === 'SIGINT' ? 130 : 143;
  return failure('failed', 'interrupted', [name, version], { exitCode, cause });
}

/** @throws Failure `unavailable` with all of the problems, where there are any */
export function refuseProblems({ configuration }: Context, problems: readonly Problem[]): void {
  if (problems.length > 0)
    throw failure('unavailable', 'problems', [problems, configuration.database]);
}

/** A migrations table that the role may not read is not an empty one. @throws Failure `unavailable` */
export function refuseUnreadable(context: Context, state: State): void {
  if (state.table?.canRead === false) refuseProblems(context, tableProblems(context, state));
}
