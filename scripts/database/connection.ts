import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { connect as openSocket } from 'node:net';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type QueryResult } from 'pg';
import { failure } from '../report/errors.js';
import type { Configuration } from './configuration.js';
import { sqlstateOf } from './pg-errors.js';

/** A connection to the server. */
export interface Connection {
  /** As the server says it: "15.8 (Debian 15.8-1)". */
  readonly serverVersion: string;
  /** Sends one simple query, of one or several statements, and gives the result of each. */
  readonly query: (sql: string) => Promise<QueryResult[]>;
  /** What the framework calls. Parameters go to the server unnamed: nothing stays prepared. */
  readonly client: pg.Client;
}

export interface ConnectOptions {
  /** What the connection is for; an operator sees it in `pg_stat_activity.application_name`. */
  readonly purpose: 'run' | 'lock' | 'monitor';
  readonly command: string;
  /** Seconds to wait for a server that is not there yet, or is still starting. */
  readonly wait?: number;
  readonly signal: AbortSignal;
}

/** The oldest PostgreSQL that is supported. */
export const OLDEST_MAJOR = 14;

/** Tells this process from others with the same process id, in containers whose host names begin alike. */
const token = randomBytes(3).toString('hex');

/** The name by which the server knows a connection of this process. At most 63 bytes long. */
export const connectionName = (purpose: ConnectOptions['purpose'], command: string): string => {
  const host = hostname()
    .replaceAll(/[^\w.-]/g, '')
    .slice(-24);
  return `migrate ${command} ${purpose} ${host}:${process.pid}:${token}`;
};

/**
 * Runs `use` with a connection, and closes it afterwards. On an abort signal, asks the server to cancel the statement
 * that is running, and closes the connection a second later.
 *
 * Nothing is set but the name, in the startup packet: PgBouncer accepts no other parameter.
 *
 * @throws Failure `unavailable`: not reachable within `wait`, refused, or older than {@link OLDEST_MAJOR}
 */
export async function withConnection<T>(
  configuration: Configuration,
  options: ConnectOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(configuration, options);
  const { client, serverVersion } = connection;
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (): void => {
    requestCancel(client);
    timer = setTimeout(() => wireOf(client).stream.destroy(), 900);
  };
  options.signal.addEventListener('abort', giveUp, { once: true });
  try {
    if (Number.parseInt(serverVersion, 10) < OLDEST_MAJOR)
      throw failure('unavailable', 'too-old', [serverVersion, OLDEST_MAJOR]);
    return await use(connection);
  } finally {
    client.end().catch(() => undefined); // Not awaited: the server ends the session when it reads this.
    options.signal.removeEventListener('abort', giveUp);
    clearTimeout(timer);
  }
}

async function connect(configuration: Configuration, options: ConnectOptions): Promise<Connection> {
  const deadline = Date.now() + (options.wait ?? 0) * 1000;
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    options.signal.throwIfAborted();
    try {
      return await connectOnce(configuration, options);
    } catch (cause) {
      const left = deadline - Date.now();
      if (!isStarting(cause) || left <= 0) throw unavailable(configuration, cause);
      await sleep(Math.min(pause, left), undefined, { signal: options.signal });
    }
  }
}

async function connectOnce(
  configuration: Configuration,
  options: ConnectOptions,
): Promise<Connection> {
  const { clientConfig, allowsPlain } = configuration;
  const client = new pg.Client({
    ...clientConfig,
    application_name: connectionName(options.purpose, options.command),
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000, // Before a firewall forgets the connection: the system's default is two hours.
    connectionTimeoutMillis: 15_000,
    query_timeout: undefined, // The application's: it would give up on a COMMIT that the server goes on with.
  });
  client.on('error', () => undefined); // A lost connection fails the next query, which handles it.
  let serverVersion = '';
  wireOf(client).on(
    'parameterStatus',
    ({ parameterName, parameterValue }: Record<string, string>) => {
      if (parameterName === 'server_version') serverVersion = parameterValue ?? '';
    },
  );
  const cut = (): unknown => wireOf(client).stream.destroy();
  options.signal.addEventListener('abort', cut, { once: true });
  try {
    await client.connect();
  } catch (error) {
    options.signal.throwIfAborted();
    const isWithoutTls = allowsPlain && /does not support SSL/.test((error as Error).message);
    if (!isWithoutTls) throw error;
    return await connectOnce(
      { ...configuration, clientConfig: { ...clientConfig, ssl: false }, allowsPlain: false },
      options,
    );
  } finally {
    options.signal.removeEventListener('abort', cut);
  }
  const query = async (sql: string): Promise<QueryResult[]> =>
    [(await client.query(sql)) as QueryResult | QueryResult[]].flat();
  return { serverVersion, query, client };
}

/** The part of a client that talks to the server; the types of `pg` leave it out. */
const wireOf = (client: pg.Client) =>
  (
    client as unknown as {
      readonly connection: EventEmitter & { readonly stream: { destroy(): void } };
    }
  ).connection;

/**
 * Asks the server to cancel the statement of a session (manual, 55.2.8 "Canceling Requests in Progress"). The session's
 * own key reaches nobody else, also behind a pooler. Like psql before 17, it does so without TLS. Errors are ignored.
 */
function requestCancel(client: pg.Client): void {
  const { host, port, processID, secretKey } = client as unknown as Record<string, number> & {
    readonly host: string;
  };
  const request = Buffer.alloc(16);
  for (const [index, value] of [16, 80877102, processID ?? 0, secretKey ?? 0].entries())
    request.writeInt32BE(value, index * 4);
  const socket = host.startsWith('/')
    ? openSocket(`${host}/.s.PGSQL.${port ?? 0}`)
    : openSocket(port ?? 0, host);
  socket.on('error', () => undefined).unref();
  socket.end(request);
}

const STARTING = [
  '57P03',
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'ECONNRESET',
  'EHOSTUNREACH',
];

/** `pg` has no code for its own time limit on connecting. */
const codeOf = (error: unknown): string =>
  (error as { code?: string }).code ??
  ((error as Error).message === 'timeout expired' ? 'ETIMEDOUT' : '');

const isStarting = (error: unknown): boolean =>
  STARTING.includes(codeOf(error)) ||
  (error instanceof AggregateError && error.errors.some(isStarting));

function unavailable(configuration: Configuration, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause.name === 'AbortError') return cause;
  const inner = cause instanceof AggregateError ? (cause.errors[0] as Error) : cause;
  const reason = inner.message === '' ? codeOf(inner) : inner.message;
  return failure('unavailable', 'not-connected', [configuration, codeOf(inner), reason], {
    sqlstate: sqlstateOf(inner),
    cause,
  });
}
