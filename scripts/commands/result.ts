import type { Connection } from '../database/connection.js';
import { serverFailure } from '../database/pg-errors.js';
import { versionAt } from '../project/version.js';
import { Failure, failure } from '../report/errors.js';
import type { Known, Result } from '../report/types.js';
import type { SchemaCheck } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';

/** What is known of a database when this many migrations are applied. */
export function knownAt(
  { configuration, project }: Context,
  { serverVersion }: Connection,
  count: number,
) {
  const { host, port, database: name } = configuration;
  const pending = project.migrations.slice(count).map((migration) => migration.name);
  return {
    version: versionAt(project, count),
    pending,
    database: { host, port, name, serverVersion },
  };
}

/** The result of a check. */
export const resultOf = (
  context: Context,
  connection: Connection,
  { count, failing, warnings }: SchemaCheck,
  outcome: 'matches' | 'nothing-to-do',
): Result => {
  const known = knownAt(context, connection, count);
  return { outcome: failing.length === 0 ? outcome : 'differs', ...known, failing, warnings };
};

/** Adds what is known to a failure, which may know better already. */
export function withKnown(error: unknown, known: Known): unknown {
  const reason = error instanceof Failure ? error : (serverFailure(error) ?? error);
  if (reason instanceof Failure) reason.known = { ...known, ...reason.known };
  return reason;
}

/** The failure of a command that a signal has ended. */
export function interrupted(
  { reason }: AbortSignal,
  cause: unknown,
  version?: string | null,
): Failure {
  const exitCode = reason === 'SIGINT' ? 130 : 143;
  return failure('failed', 'interrupted', [String(reason), version], { exitCode, cause });
}
