import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type QueryResult } from 'pg';
import { failure } from '../report/errors.ts';
import type { Configuration } from './configuration.ts';
import { isConnectionLost } from './pg-errors.ts';

/** SQL, or an object of `pg` that contains it. */
export type Statement = string | { readonly text: string; readonly types?: pg.CustomTypesConfig };

/** An open connection to the server. */
export type Connection = Readonly<Awaited<ReturnType<typeof connectOnce>>>;

/** `pg.Client`, with properties that the types of `pg` do not declare. */
interface Client extends pg.Client {
  /** The process id of the session, as the server has sent it. A pooler sends a number of its own. */
  readonly processID: number;
  readonly secretKey: number;
  /** `startup` sends the first message of a connection. */
  readonly connection: pg.Connection & Record<'startup' | 'cancel', (...values: number[]) => void>;
}

/** What a connection is used for. This is a part of its `application_name`, which pg_stat_activity shows. */
type Purpose = 'run' | 'lock' | 'monitor';

/** What a connection needs to be opened, watched and cancelled. */
export interface Connector {
  readonly configuration: Configuration;
  readonly command: string;
  /** Aborted when the command must end. The reason is a Failure. */
  readonly signal: AbortSignal;
  readonly options: { readonly connectWait: number };
  /** Called with the promise of each statement that is sent. Returns a promise with the same result. */
  readonly watch?: <T>(statement: Promise<T>) => Promise<T>;
}

const OLDEST_MAJOR = 14;

/** Leaves the values in results as text: a migration may have replaced the parsers of `pg`. */
const types = { getTypeParser: () => String };

const host = hostname().replaceAll(/[^\w.-]/g, '');

/** The `application_name` of a connection. PostgreSQL cuts it off after 63 bytes. */
export const connectionName = (purpose: Purpose, command: string) =>
  `migrate ${command} ${purpose} ${host.slice(-24)}:${process.pid}`;

/**
 * Runs `use` with `connector` and a connection, and closes the connection afterwards. If the command must
 * end, asks the server to cancel the current statement. After this, or after the connection is lost, `use`
 * has 0.9 seconds to end. Then, if the purpose is `run`, throws without waiting for `use`: a migration may
 * wait for something other than the server.
 *
 * @throws Failure `unavailable` if no connection can be made, or if the server is too old
 */
export async function withConnection<C extends Connector, T>(
  connector: C,
  purpose: Purpose,
  use: (connected: C & { readonly connection: Connection }) => Promise<T>,
): Promise<T> {
  const { signal } = connector;
  const connection = await connect(connector, purpose);
  const { client, serverVersion } = connection;
  let abandon: (reason: Error) => void;
  const abandoned = new Promise<never>((_, reject) => (abandon = reject));
  const abandonSoon = (reason: Error) =>
    setTimeout(() => {
      client.connection.stream.destroy();
      if (purpose === 'run') abandon(reason);
    }, 900);
  let cancelled: Promise<void> | undefined;
  const cancel = () => {
    cancelled = requestCancel(client);
    abandonSoon(signal.reason as Error);
  };
  client.on('error', abandonSoon);
  signal.addEventListener('abort', cancel);
  try {
    if (Number.parseInt(serverVersion, 10) < OLDEST_MAJOR)
      throw failure('too-old', [serverVersion, OLDEST_MAJOR]);
    return await Promise.race([use({ ...connector, connection }), abandoned]);
  } finally {
    signal.removeEventListener('abort', cancel);
    void client.end(); // Not awaited: the server ends the session when it gets the message.
    await cancelled; // PgBouncer 1.18 crashes if the process ends before this (its issue 801).
  }
}

/** Errors of a server that may still start: there is no socket, host name, network or answer yet. */
const NOT_STARTED = /^(ENOENT|ENOTFOUND|EAI_AGAIN|ENETUNREACH|ETIMEDOUT)$/;

async function connect(connector: Connector, purpose: Purpose): Promise<Connection> {
  const { options, signal } = connector;
  let { configuration } = connector;
  const deadline = Date.now() + options.connectWait * 1000;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await connectOnce({ ...connector, configuration }, purpose);
    } catch (cause) {
      const { message, code: errorCode = '' } = cause as NodeJS.ErrnoException;
      const code = message === 'timeout expired' ? 'ETIMEDOUT' : errorCode; // `pg` sets no code.
      const mayStart = NOT_STARTED.test(code) || isConnectionLost(cause);
      const lacksTls = message.includes('does not support SSL');
      if (lacksTls && configuration.sslmode === 'prefer')
        configuration = { ...configuration, ssl: false, sslmode: 'disable' };
      else if (mayStart && Date.now() < deadline) await sleep(500, undefined, { signal });
      else throw failure('not-connected', [configuration, code, message || code], { cause });
    }
  }
}

async function connectOnce(connector: Connector, purpose: Purpose) {
  const { configuration, command, signal, watch } = connector;
  const client = new pg.Client({
    ...configuration,
    application_name: connectionName(purpose, command), // PgBouncer accepts no other setting here.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000, // Firewalls drop idle connections before the default of two hours.
    connectionTimeoutMillis: 1000 * configuration.connectTimeout,
    // The URL may set these two for the application. Migrations may take longer.
    query_timeout: undefined,
    statement_timeout: undefined,
  }) as Client;
  client.on('error', () => undefined); // Without a listener, an error now would end the process.
  const { connection } = client;
  /** The version as the server writes it, such as "15.8 (Debian 15.8-1)". */
  let serverVersion = '';
  connection.on('parameterStatus', (status: Record<'parameterName' | 'parameterValue', string>) => {
    if (status.parameterName === 'server_version') serverVersion = status.parameterValue;
  });
  const cut = () => connection.stream.destroy();
  signal.addEventListener('abort', cut, { once: true });
  await client.connect().finally(() => signal.removeEventListener('abort', cut));
  /** Sends a {@link Statement}, whose text may contain several. Returns what `pg` returns. */
  const send = async (statement: Statement, values?: readonly unknown[]): Promise<unknown> => {
    const isSentAsIs = typeof statement === 'string' || 'submit' in statement; // A pg.Query has `submit`.
    // `pg` prepares a statement that has a name. It would stay in the session of the server, which a pooler
    // gives to other clients. So hide the name. All else is inherited: `text` may be a getter of a class.
    const noName = { name: { value: undefined } };
    const unnamed: unknown = isSentAsIs ? statement : Object.create(statement, noName);
    const answer: Promise<unknown> = client.query(unnamed as string, values as unknown[]);
    return await (watch?.(answer) ?? answer);
  };
  /** Sends SQL in one message, which is a transaction if none is open. Returns results with text values. */
  const query = async (sql: string) =>
    [(await send({ text: sql, types })) as QueryResult | QueryResult[]].flat();
  /** True if the server still answers. Its last error does not tell: in a crash, that may have any code. */
  const isAlive = async () => (await query('').catch(() => undefined)) !== undefined;
  return { serverVersion, query, send, isAlive, client };
}

/**
 * Asks the server on another connection to cancel the current statement of this client. Resolves when the
 * server has closed that connection, or after 0.9 seconds. Never throws.
 */
async function requestCancel({ host, port, ssl, processID, secretKey }: Client): Promise<void> {
  const other = new pg.Client({ host, port, ssl, connectionTimeoutMillis: 900 }) as Client;
  other.connection.startup = () => other.connection.cancel(processID, secretKey);
  await other.connect().catch(() => undefined); // Always fails: the server sends no answer.
}
