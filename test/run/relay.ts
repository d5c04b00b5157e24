import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { atPort, listen } from '../support/ports.ts';

/**
 * Starts a server that `serve` programs: it gets each client, and a function that connects to the server of
 * `url`, or of another URL. A client ends with its connection to that server, and the other way round.
 * `stop`, or the end of the test, ends all connections.
 */
export async function startRelay(
  url: string,
  serve: (client: Socket, dial: (to?: string) => Socket) => void,
) {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const dial = (to = url) => {
      const { hostname, port } = new URL(to);
      const upstream = connect(Number(port), hostname);
      sockets.push(upstream);
      upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.on('error', () => upstream.destroy()).on('close', () => upstream.end());
      return upstream;
    };
    sockets.push(client.on('error', () => undefined));
    serve(client, dial);
  });
  const own = await listen(server);
  const stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(stop);
  /** The URL that leads to `address` through the relay. */
  const through = (address: string) => atPort(address, own);
  return { through, stop };
}

/** An error of a PostgreSQL server, for its client (manual: "Error and Notice Message Fields"). */
export function errorMessage(severity: string, sqlstate: string, text: string): Buffer {
  const fields = [`S${severity}`, `V${severity}`, `C${sqlstate}`, `M${text}`, ''];
  const message = Buffer.from(`E....${fields.map((field) => `${field}\0`).join('')}`);
  message.writeInt32BE(message.length - 1, 1);
  return message;
}
