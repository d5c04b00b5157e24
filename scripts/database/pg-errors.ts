/** What errors of `pg` and of the server mean (manual, appendix A, "PostgreSQL Error Codes"). */
import { Failure, failure } from '../report/errors.js';

/** The SQLSTATE of an error that PostgreSQL sent; undefined for any other. */
export function sqlstateOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isFromServer = error instanceof Error && 'severity' in error;
  return isFromServer && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** True if the catalog query failed because another session dropped an object meanwhile. These texts are not translated. */
export const isOvertaken = (error: unknown): boolean =>
  sqlstateOf(error) === 'XX000' &&
  /^(?:cache lookup failed for|could not open relation with OID) /.test((error as Error).message);

/**
 * True for errors after which the same again may succeed: lock_not_available, deadlock_detected, and a row of the
 * catalog that another session has just changed, such as a concurrent index build that outlives the run that began it.
 */
export const isLockError = (error: unknown): boolean =>
  ['55P03', '40P01'].includes(sqlstateOf(error) ?? '') ||
  /^simple_heap_(update|delete)$/.test((error as { routine?: string } | null)?.routine ?? '');

const SERVER_STOPS = ['57P01', '57P02', '57P03', '57P05', '25P03', '25P04'];
const SOCKET_ERRORS = [
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'ENETRESET',
  'EHOSTUNREACH',
];

/** True if the connection is gone: the server says so, or `pg` does, which has no codes for it. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Failure) return false;
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== undefined) return sqlstate.startsWith('08') || SERVER_STOPS.includes(sqlstate);
  if (SOCKET_ERRORS.includes((error as NodeJS.ErrnoException).code ?? '')) return true;
  return /connection terminated|connection error|not queryable|socket (?:hang|disconnected)/i.test(
    error.message,
  );
}

/** The failure that an error of the server or the connection is, where no migration is to blame. */
export function serverFailure(error: unknown): Failure | undefined {
  const details = { sqlstate: sqlstateOf(error), cause: error };
  const { message } = error as Error;
  if (isConnectionLost(error)) return failure('unavailable', 'connection-lost', [message], details);
  if (isLockError(error)) return failure('locked', 'table-lock', [0, []], details);
  if (details.sqlstate === undefined) return undefined;
  return failure('unavailable', 'server-error', [message, details.sqlstate], details);
}
