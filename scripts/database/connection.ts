import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type QueryResult } from 'pg';
import { failure, sqlstateOf } from '../errors.js';
import type { Address } from './address.js';
import { requestCancel } from './cancel.js';

/** What a connection is for; an operator sees it in `pg_stat_activity.application_name`. */
export type Purpose = 'run' | 'lock' | 'watch';

/** A connection to the server, from one of the connections of a run. */
export interface Connection {
  /** As the server says it: "15.8 (Debian 15.8-1)". */
  readonly serverVersion: string;
  /** Sends one simple query, of one or several statements, and gives the result of each. */
  readonly query: (sql: string) => Promise<QueryResult[]>;
  /** What the framework calls. Parameters go to the server unnamed: nothing stays prepared. */
  readonly client: pg.Client;
  /** Ends it at once, without waiting for a statement. */
  readonly cut: () => void;
}

export interface ConnectOptions {
  readonly purpose: Purpose;
  /** Shown in the connection's name. */
  readonly command: string;
  /** Seconds to wait for a server that is not there yet, or is still starting. */
  readonly wait?: number;
  readonly signal: AbortSignal;
}

/** The oldest PostgreSQL that is supported. */
export const OLDEST_MAJOR = 14;

/** Tells this process from others with the same process id, in containers whose host names begin alike. */
const token = randomBytes(3).toString('hex');

/** The name by which the connections of this process are known to the server. At most 63 bytes long. */
export const connectionName = (purpose: Purpose, command: string): string =>
  `migrate ${command} ${purpose} ${hostname()
    .replaceAll(/[^\w.-]/g, '')
    .slice(-24)}:${process.pid}:${token}`;

/**
 * Runs `use` with a connection, and closes it afterwards. When the signal comes, the server gives up what it is at.
 *
 * Nothing is set on it but its name, in the startup packet: PgBouncer takes no other parameter.
 *
 * @throws Failure `unavailable`: not reachable within `wait`, refused, or older than {@link OLDEST_MAJOR}
 */
export async function withConnection<T>(
  address: Address,
  options: ConnectOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(address, options);
  let timer: NodeJS.Timeout | undefined;
  const giveUp = () => {
    requestCancel(connection.client); // Then whoever uses it ends in order.
    timer = setTimeout(connection.cut, 900); // A server that does not answer is not waited for.
  };
  options.signal.addEventListener('abort', giveUp, { once: true });
  try {
    if (Number.parseInt(connection.serverVersion, 10) < OLDEST_MAJOR)
      throw failure('unavailable', 'too-old', [connection.serverVersion, OLDEST_MAJOR]);
    return await use(connection);
  } finally {
    // The server ends the session when it hears this; its goodbye is a round trip that nobody has to wait for.
    connection.client.end().catch(() => undefined); // Lost before: whoever used it has been told.
    options.signal.removeEventListener('abort', giveUp);
    clearTimeout(timer);
  }
}

async function connect(address: Address, options: ConnectOptions): Promise<Connection> {
  const deadline = Date.now() + (options.wait ?? 0) * 1000;
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    options.signal.throwIfAborted();
    try {
      return await connectOnce(address, options);
    } catch (cause) {
      const left = deadline - Date.now();
      if (!isStarting(cause) || left <= 0) throw unavailable(address, cause);
      await sleep(Math.min(pause, left), undefined, { signal: options.signal });
    }
  }
}

async function connectOnce(address: Address, options: ConnectOptions, plain = false): Promise<Connection> {
  const client = new pg.Client({
    ...address.config,
    application_name: connectionName(options.purpose, options.command),
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000, // Sooner than what forgets idle connections: the system's own is two hours.
    connectionTimeoutMillis: 15_000,
    query_timeout: undefined, // The application's: it would give up on a COMMIT that the server goes on with.
    ...(plain ? { ssl: false } : {}),
  });
  client.on('error', () => undefined); // A lost connection fails the next query, which is where it is handled.
  let serverVersion = '';
  const wire = (client as unknown as { connection: EventEmitter & { stream: { destroy(): void } } }).connection;
  wire.on('parameterStatus', ({ parameterName, parameterValue }: Record<string, string>) => {
    if (parameterName === 'server_version') serverVersion = parameterValue ?? '';
  });
  const cut = () => {
    wire.stream.destroy();
  };
  options.signal.addEventListener('abort', cut, { once: true });
  try {
    await client.connect();
  } catch (error) {
    options.signal.throwIfAborted();
    if (address.plainWillDo && !plain && /does not support SSL/.test((error as Error).message))
      return await connectOnce(address, options, true);
    throw error;
  } finally {
    options.signal.removeEventListener('abort', cut);
  }
  const query = async (sql: string) => [(await client.query(sql)) as QueryResult | QueryResult[]].flat();
  return { serverVersion, query, client, cut };
}

const STARTING = new Set([
  '57P03',
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'ECONNRESET',
  'EHOSTUNREACH',
]);
/** `pg` has no code for its own time limit on connecting. */
const codeOf = (error: unknown): string =>
  (error as { code?: string }).code ?? ((error as Error).message === 'timeout expired' ? 'ETIMEDOUT' : '');
const isStarting = (error: unknown): boolean =>
  STARTING.has(codeOf(error)) || (error instanceof AggregateError && error.errors.some(isStarting));

/** A connection that could not be had, in words. */
function unavailable(address: Address, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause.name === 'AbortError') return cause;
  const inner = cause instanceof AggregateError ? (cause.errors[0] as Error) : cause;
  const reason = inner.message === '' ? codeOf(inner) : inner.message;
  const place = { host: address.host, port: address.port, database: address.database, user: address.user };
  return failure('unavailable', 'not-connected', [place, codeOf(inner), reason], {
    sqlstate: sqlstateOf(inner),
    cause,
  });
}
