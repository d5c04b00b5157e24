import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** Finds a port of 127.0.0.1 on which no process listens now: `preferred`, or else another one. */
export async function freePort(preferred: number): Promise<number> {
  const server = createServer();
  try {
    const port = await listen(server, preferred);
    server.close();
    await once(server, 'close');
    return port;
  } catch {
    return freePort(0);
  }
}

/** Makes a server listen on 127.0.0.1. Returns the port, which is a free one by default. */
export async function listen(server: Server, port = 0): Promise<number> {
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** This URL with another port, and 127.0.0.1 as its host. */
export const atPort = (url: string, port: number): string =>
  Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href;
