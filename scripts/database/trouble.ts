import { Failure, failure, sqlstateOf } from '../errors.js';

/**
 * Whether a look met what another session has just dropped: PostgreSQL finds objects as of the look's snapshot, and
 * describes them as of now. The words of such an internal error are never translated.
 */
export const isOvertaken = (error: unknown): boolean =>
  sqlstateOf(error) === 'XX000' &&
  /^(?:cache lookup failed for|could not open relation with OID) /.test((error as Error).message);

/**
 * lock_not_available and deadlock_detected (manual, appendix A): the same again may well succeed. So it may where another
 * session changed the same row of the catalog, as a concurrent build does that outlives the run that began it.
 */
export const isLockTrouble = (error: unknown): boolean =>
  ['55P03', '40P01'].includes(sqlstateOf(error) ?? '') ||
  /^simple_heap_(update|delete)$/.test((error as { routine?: string } | null)?.routine ?? '');

const LOST = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04']);

const SOCKET = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ENETRESET', 'EHOSTUNREACH']);

/** Whether an error means that the connection is gone: said by the server, or by `pg`, which has no codes for it. */
export function isLost(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Failure) return false;
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== undefined) return sqlstate.startsWith('08') || LOST.has(sqlstate);
  const { code } = error as NodeJS.ErrnoException;
  return (
    SOCKET.has(code ?? '') ||
    /connection terminated|connection error|not queryable|socket (?:hang|disconnected)/i.test(error.message)
  );
}

/** The failure that an error of the server or the connection is, when no migration is to blame. */
export function troubleFailure(error: unknown): Failure | undefined {
  const details = { sqlstate: sqlstateOf(error), cause: error };
  if (isLost(error)) return failure('unavailable', 'connection-lost', [(error as Error).message], details);
  if (isLockTrouble(error)) return failure('locked', 'table-lock', [0, []], details);
  if (details.sqlstate !== undefined)
    return failure('unavailable', 'server-error', [(error as Error).message, details.sqlstate], details);
  return undefined;
}
