import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { connect as openSocket } from 'node:net';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type QueryResult } from 'pg';
import { failure } from '../report/errors.js';
import type { Configuration } from './configuration.js';
import { sqlstateOf } from './pg-errors.js';

export interface Connection {
  /** As the server says it: "15.8 (Debian 15.8-1)". */
  readonly serverVersion: string;
  /** Sends one simple query, of one or several statements, and gives the result of each. */
  readonly query: (sql: string) => Promise<QueryResult[]>;
  readonly client: pg.Client;
}

/** What a connection is for. An operator sees it in `pg_stat_activity.application_name`. */
export type Purpose = 'run' | 'lock' | 'monitor';

export interface Connector {
  readonly configuration: Configuration;
  readonly command: string;
  readonly signal: AbortSignal;
  /** Seconds to wait for a server that is not there yet, or is still starting. */
  readonly options: { readonly connectWait: number };
}

export const OLDEST_MAJOR = 14;

/** Tells processes apart that have the same id, in containers whose host names begin alike. */
const token = randomBytes(3).toString('hex');
const host = hostname().replaceAll(/[^\w.-]/g, '');

/** The name of a connection of this process. PostgreSQL keeps 63 bytes. */
export const connectionName = (purpose: Purpose, command: string) =>
  `migrate ${command} ${purpose} ${host.slice(-24)}:${process.pid}:${token}`;

/**
 * Runs `use` with a connection, and closes it afterwards. On an abort signal, asks the server to
 * cancel the statement that is running, and closes the connection a second later.
 *
 * @throws Failure `unavailable`: not reachable, refused, or older than {@link OLDEST_MAJOR}
 */
export async function withConnection<T>(
  connector: Connector,
  purpose: Purpose,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { signal } = connector;
  const connection = await connect(connector, purpose);
  const { client, serverVersion } = connection;
  let timer: NodeJS.Timeout | undefined;
  const giveUp = () => {
    requestCancel(client);
    timer = setTimeout(() => wireOf(client).stream.destroy(), 900);
  };
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    if (Number.parseInt(serverVersion, 10) < OLDEST_MAJOR)
      throw failure('unavailable', 'too-old', [serverVersion, OLDEST_MAJOR]);
    return await use(connection);
  } finally {
    client.end().catch(() => undefined); // The server ends the session when it reads this.
    signal.removeEventListener('abort', giveUp);
    clearTimeout(timer);
  }
}

async function connect(connector: Connector, purpose: Purpose): Promise<Connection> {
  const { configuration, signal, options } = connector;
  const deadline = Date.now() + options.connectWait * 1000;
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    signal.throwIfAborted();
    try {
      return await connectOnce(connector, purpose);
    } catch (error) {
      signal.throwIfAborted();
      const cause = error instanceof AggregateError ? (error.errors[0] as Error) : (error as Error);
      const code = codeOf(cause);
      const left = deadline - Date.now();
      if (STARTING.test(code) && left > 0) await sleep(Math.min(pause, left), null, { signal });
      else
        throw failure(
          'unavailable',
          'not-connected',
          [configuration, code, cause.message || code],
          {
            sqlstate: sqlstateOf(cause),
            cause: error,
          },
        );
    }
  }
}

const STARTING =
  /^(57P03|ECONNREFUSED|ENOENT|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|EHOSTUNREACH)$/;

/** `pg` has no code for its own time limit on connecting. */
const codeOf = ({ code = '', message }: Error & { code?: string }) =>
  message === 'timeout expired' ? 'ETIMEDOUT' : code;

async function connectOnce(
  { configuration, command, signal }: Connector,
  purpose: Purpose,
  ssl = configuration.clientConfig.ssl,
): Promise<Connection> {
  const client = new pg.Client({
    ...configuration.clientConfig,
    ssl,
    application_name: connectionName(purpose, command), // PgBouncer accepts no other parameter.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000, // Sooner than firewalls forget: the system waits two hours.
    connectionTimeoutMillis: 15_000,
    query_timeout: undefined, // The application's: it would give up while the server goes on.
  });
  client.on('error', () => undefined); // A lost connection fails the next query, which handles it.
  let serverVersion = '';
  wireOf(client).on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
    if (parameterName === 'server_version') serverVersion = parameterValue;
  });
  const cut = () => wireOf(client).stream.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    await client.connect();
  } catch (error) {
    const isWithoutTls = (error as Error).message.includes('does not support SSL');
    if (!isWithoutTls || !configuration.allowsPlain || ssl === false) throw error;
    return await connectOnce(
      { configuration, command, signal, options: { connectWait: 0 } },
      purpose,
      false,
    );
  } finally {
    signal.removeEventListener('abort', cut);
  }
  const query = async (sql: string) =>
    [(await client.query(sql)) as QueryResult | QueryResult[]].flat();
  return { serverVersion, query, client };
}

interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** What `pg` keeps of a session, and its types leave out. */
interface Session {
  readonly connection: EventEmitter & { readonly stream: { destroy(): void } };
  readonly host: string;
  readonly port: number;
  readonly processID: number;
  readonly secretKey: number;
}
const wireOf = (client: pg.Client) => (client as unknown as Session).connection;

/** The process id that the client was given when it connected. Behind a pooler it is not the server's. */
export const processIdOf = (client: pg.Client) => (client as unknown as Session).processID;

/**
 * Asks the server to cancel the statement of a session (manual, 55.2.8). The session's own key reaches
 * nobody else, also behind a pooler. Like psql before 17, it does so without TLS. Errors are ignored.
 */
function requestCancel(client: pg.Client): void {
  const session = client as unknown as Session;
  const request = Buffer.alloc(16);
  const words = [16, 80877102, session.processID, session.secretKey];
  for (const [index, word] of words.entries()) request.writeInt32BE(word, index * 4);
  const path = `${session.host}/.s.PGSQL.${session.port}`;
  const socket = session.host.startsWith('/')
    ? openSocket(path)
    : openSocket(session.port, session.host);
  socket.on('error', () => undefined).unref();
  socket.end(request);
}
