/** Classifies errors of `pg` and of the server (manual, appendix A, "PostgreSQL Error Codes"). */
import { inspect } from 'node:util';
import { Failure, failure } from '../report/errors.ts';

/** Returns the SQLSTATE of an error that PostgreSQL sent, and an empty string for any other error. */
export function sqlstateOf(error: unknown): string {
  const { code = '', severity } = Object(error) as { code?: string; severity?: string };
  return severity !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : '';
}

/** Returns a message for anything that was thrown, even if that is not an Error. */
export const messageOf = (thrown: unknown) =>
  thrown instanceof Error ? thrown.message : inspect(thrown);

/** Returns the line of `sql` in which the server has found an error. Undefined if the error does not say it. */
export function errorLine(error: unknown, sql: string): number | undefined {
  const { position } = Object(error) as { position?: string };
  return position === undefined ? undefined : sql.slice(0, Number(position)).split('\n').length;
}

/** True for a lock timeout, a deadlock, and "tuple concurrently updated". Another attempt may succeed. */
export const isRetryable = (error: unknown) =>
  ['55P03', '40P01'].includes(sqlstateOf(error)) ||
  /^simple_heap_(update|delete)$/.test((error as { routine?: string } | null)?.routine ?? '');

// SQLSTATEs, and codes of Node.js. 57P01 to 57P03 mean that the server stops or starts.
const LOST = /^(08...|57P0[123]|ECONN.*|EPIPE|ETIMEDOUT|ENETRESET|EHOSTUNREACH)$/;

/** True if the connection is lost. For a lost connection, `pg` often makes an error without a code. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (LOST.test((error as NodeJS.ErrnoException).code ?? '')) return true;
  const text = /connection terminated|connection error|not queryable|socket (hang|disconnected)/i;
  return sqlstateOf(error) === '' && text.test(error.message);
}

/** Makes the failure for an error of the server or the connection. Undefined for any other error. */
export function serverFailure(error: unknown, file?: string): Failure | undefined {
  const sqlstate = sqlstateOf(error);
  const details = { cause: error, file };
  const { message } = error as Error;
  if (isConnectionLost(error)) return failure('connection-lost', [message], details);
  if (isRetryable(error)) return failure('table-lock', [0, message, []], details); // It was not tried again.
  if (sqlstate === '') return undefined;
  return failure('server-error', [message, sqlstate, file], details);
}

/** Makes a Failure from anything that was thrown. After an abort, this is always the reason of the abort. */
export function asFailure(thrown: unknown, signal: AbortSignal): Failure {
  if (signal.aborted) return signal.reason as Failure;
  if (thrown instanceof Failure) return thrown;
  return serverFailure(thrown) ?? failure('internal', [messageOf(thrown)], { cause: thrown });
}
