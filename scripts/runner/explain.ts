import type { DatabaseError } from 'pg';
import {
  isConnectionLost,
  isRetryable,
  messageOf,
  serverFailure,
  sqlstateOf,
} from '../database/pg-errors.ts';
import { expectedAt } from '../project/project.ts';
import { Failure, failure } from '../report/errors.ts';
import { compare } from '../schema/compare.ts';
import { title } from '../schema/effects.ts';
import type { FrameworkClient } from './framework-client.ts';
import { LossSuspected, type RunContext } from './transaction.ts';

/**
 * Makes a Failure from an error of a run. Returns a lock error or LossSuspected as it is, because the caller
 * then repeats the run.
 *
 * @param target how many migrations would be applied after the run
 */
export async function explain(client: FrameworkClient, target: number, thrown: unknown) {
  const { run, current } = client.transaction;
  const { error, sql } = client.firstError ?? { error: thrown };
  const isKnown = error instanceof Failure || error instanceof LossSuspected;
  if (isRetryable(error) || isKnown) return error;
  const sqlstate = sqlstateOf(error);
  // An error without an SQLSTATE may be about a connection that the migration itself made to another server.
  const isOurs = sqlstate !== '' || run.connection.client.connection.stream.destroyed;
  if (isOurs && isConnectionLost(error)) return serverFailure(error);
  const { name, file } = current;
  const differences = await inTheWay(run, target, sqlstate);
  if (differences.length === 0) return migrationFailure(file, error, sql);
  const details = { file, cause: error, differences };
  return failure('in-the-way', [name, messageOf(error), differences], details);
}

/** Makes the failure of a migration from an error of its statement `sql`, or of its function. */
export function migrationFailure(file: string, cause: unknown, sql?: string, note?: string) {
  const { detail, hint, where } = Object(cause) as Partial<DatabaseError>;
  const more = [detail, hint, where, note].filter((line) => line !== undefined);
  const sqlstate = sqlstateOf(cause);
  const details = { file, cause };
  return failure('migration-failed', [file, messageOf(cause), sqlstate, more, sql], details);
}

/**
 * Finds a frequent cause of failures: something that the migrations create was there before the run, with
 * another definition. Considers every object if PostgreSQL says that one exists already, or cannot be
 * replaced. Otherwise considers only tables, views and columns: migrations usually replace other objects.
 */
async function inTheWay({ context, before }: RunContext, target: number, sqlstate: string) {
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

/** Translates anything that was thrown into a Failure. If the command was aborted, that is the reason. */
export function asFailure(thrown: unknown, signal: AbortSignal): Failure {
  if (signal.aborted) return signal.reason as Failure;
  if (thrown instanceof Failure) return thrown;
  return serverFailure(thrown) ?? failure('internal', [messageOf(thrown)], { cause: thrown });
}
