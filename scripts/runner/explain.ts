import type { DatabaseError } from 'pg';
import { sessionOf } from '../database/connection.ts';
import {
  isConnectionLost,
  isLockError,
  messageOf,
  serverFailure,
  sqlstateOf,
} from '../database/pg-errors.ts';
import { expectedAt } from '../project/project.ts';
import { Failure, failure } from '../report/errors.ts';
import type { Difference } from '../report/types.ts';
import { compare } from '../schema/compare.ts';
import { title } from '../schema/effects.ts';
import type { FrameworkClient } from './framework-client.ts';
import { LossSuspected, type RunContext } from './transaction.ts';

/**
 * Translates an error of a run to `target` into a Failure. Lock errors and LossSuspected are returned as they
 * are: after them, the run is repeated.
 */
export async function explain(
  run: RunContext,
  { firstError, current }: FrameworkClient,
  target: number,
  thrown: unknown,
): Promise<unknown> {
  const { error, sql } = firstError ?? { error: thrown };
  const { signal } = run.context;
  if (signal.aborted && !isCauseOf(signal, error)) return error;
  const isKnown = error instanceof Failure || error instanceof LossSuspected;
  if (isLockError(error) || isKnown) return error;
  const sqlstate = sqlstateOf(error);
  // The migration may have lost a connection of its own, to another server.
  const isOurs = sqlstate !== '' || sessionOf(run.connection.client).connection.stream.destroyed;
  if (isOurs && isConnectionLost(error)) return serverFailure(error);
  const { name, file } = current;
  const { detail, hint, where } = Object(error) as Partial<DatabaseError>;
  const message = messageOf(error);
  const details = { sqlstate, file, cause: error };
  const differences = await inTheWay(run, target, sqlstate);
  if (differences.length > 0)
    return failure('in-the-way', [name, message, differences], { ...details, differences });
  const more = [detail, hint, where].filter((line) => line !== undefined);
  return failure('migration-failed', [file, message, sqlstate, more, sql], details);
}

/**
 * Finds a frequent cause of failures: an object that the migrations create was there before the run, with
 * another definition. Unless PostgreSQL says that something exists already, or cannot be replaced, only tables,
 * views and columns are considered, since migrations usually replace other objects.
 */
async function inTheWay(
  { context, before }: RunContext,
  target: number,
  sqlstate: string,
): Promise<Difference[]> {
  const isDuplicate = /^42(P06|P07|P13|701|710|723)$/.test(sqlstate);
  if (!isDuplicate && (!/^(22|23|42)/.test(sqlstate) || sqlstate === '42501')) return [];
  const considered = isDuplicate ? /./ : /^(column|[a-z ]*(table|view)) /;
  const known = [...expectedAt(context.project, before.count).facts].flatMap(([object, parts]) =>
    [...parts.keys()].map((part) => title(object, part)),
  );
  const { failing } = await compare(expectedAt(context.project, target), before.facts);
  return failing.filter(
    ({ object, found }) => found !== null && considered.test(object) && !known.includes(object),
  );
}

/**
 * Translates anything that was thrown into a Failure. If the command was aborted, this is the reason for that,
 * except where the run has explained the same error better.
 */
export function asFailure(thrown: unknown, signal: AbortSignal): Failure {
  const isExplained = thrown instanceof Failure && isCauseOf(signal, thrown.details.cause);
  if (signal.aborted && !isExplained) return signal.reason as Failure;
  if (thrown instanceof Failure) return thrown;
  return serverFailure(thrown) ?? failure('internal', [messageOf(thrown)], { cause: thrown });
}

/** True if the command was aborted because of this error, which nothing caught. */
const isCauseOf = ({ reason }: AbortSignal, error: unknown) =>
  error !== undefined && (reason as Failure | undefined)?.details.cause === error;
