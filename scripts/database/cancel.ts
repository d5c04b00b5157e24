import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import pg from 'pg';

/** What `pg` keeps of a session, and its types leave out. */
interface Session {
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/** The wire of `pg`, likewise. */
interface Wire extends EventEmitter {
  readonly stream: Socket;
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
}

/**
 * Asks the server to give up what a session is at (manual, "Canceling Requests in Progress"): with the session's own key
 * that reaches nobody else, also through a pooler, where names and process ids are those of server connections that other
 * clients use as well. Does not wait for it, and never throws: a session that is at nothing is not disturbed.
 */
export function requestCancel(client: pg.Client): void {
  const { host, port, ssl, processID, secretKey } = client as unknown as Session;
  if (processID === null || secretKey === null) return;
  const wire = new pg.Connection({ ssl } as pg.ConnectionConfig) as unknown as Wire;
  const send = () => {
    wire.cancel(processID, secretKey);
  };
  wire.on('error', () => undefined); // A server that cannot be reached has lost the session as well.
  wire.once('connect', () => {
    if (ssl) wire.requestSsl();
    else send();
  });
  wire.once('sslconnect', send);
  if (host.startsWith('/')) wire.connect(`${host}/.s.PGSQL.${port}`);
  else wire.connect(port, host);
  wire.stream.unref(); // It keeps no process alive.
}
