/** A link to the server on which everything takes its time. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface SlowLink {
  /** The same address, through the link. */
  readonly through: (url: string) => string;
  readonly stop: () => void;
}

/** Opens a link to the server of this address that hands everything on `delay` milliseconds late, in both directions. */
export async function openSlowLink(url: string, delay: number): Promise<SlowLink> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => setTimeout(() => to.write(data), delay));
      from.on('error', () => to.destroy()).on('close', () => setTimeout(() => to.destroy(), delay));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const opened = String((server.address() as AddressInfo).port);
  return {
    through: (address) => Object.assign(new URL(address), { hostname: '127.0.0.1', port: opened }).href,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
