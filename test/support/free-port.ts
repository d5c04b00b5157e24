import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Finds a port of 127.0.0.1 on which no process listens now: `preferred`, or else another one. */
export async function freePort(preferred: number): Promise<number> {
  const server = createServer().listen(preferred, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return freePort(0);
  }
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
