import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Which connection is cut, and after how many messages of the program; its startup packet is the first. */
export interface Cut {
  /** What the connection is for, as its `application_name` says. */
  readonly purpose: string;
  readonly after: number;
  /** Only these messages count. */
  readonly of?: RegExp;
  /** Done in place of cutting it, when the server has that message. */
  readonly instead?: () => void;
}

export interface Proxy {
  /** The same address, through the proxy. */
  readonly through: (url: string) => string;
  /** How many messages came from the program, by the purpose of the connection. */
  readonly messages: ReadonlyMap<string, number>;
  /** How many connections were opened. */
  readonly connections: () => number;
  /** Whether the cut was made. */
  readonly hasCut: () => boolean;
  readonly stop: () => Promise<void>;
}

/** Says of a message without a type, as the first one of a connection is, that it is the startup packet. */
const STARTUP = 196608;

/**
 * A TCP proxy in front of a PostgreSQL server that knows where the messages of the protocol end (manual, 55.2). The
 * connection is cut after the server was sent the message that `cut` names: the server may still do what it says, but
 * nobody hears of it.
 */
export async function startProxy(url: string, cut?: Cut): Promise<Proxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const messages = new Map<string, number>();
  let connections = 0;
  let hasCut = false;
  let counted = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
    upstream.on('data', (data) => {
      if (!client.destroyed) client.write(data);
    });
    let purpose: string | undefined;
    let isCut = false;
    const read = framing((message, isStartup) => {
      if (isCut) return;
      if (isStartup)
        purpose = /application_name\0migrate \w+ (\w+) /.exec(message.toString('latin1'))?.[1];
      messages.set(purpose ?? '', (messages.get(purpose ?? '') ?? 0) + 1);
      if (purpose === cut?.purpose && cut?.of?.test(message.toString('latin1')) !== false)
        counted++;
      if (cut === undefined || hasCut || purpose !== cut.purpose || counted < cut.after) {
        upstream.write(message);
        return;
      }
      isCut = hasCut = true;
      if (cut.instead !== undefined) {
        upstream.write(message, cut.instead);
        return;
      }
      client.removeAllListeners('close').destroy();
      upstream.end(message, () => upstream.destroy());
    });
    client.on('data', read);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    through: (address) => {
      const proxied = new URL(address);
      proxied.hostname = '127.0.0.1';
      proxied.port = String(port);
      return proxied.href;
    },
    messages,
    connections: () => connections,
    hasCut: () => hasCut,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The same, stopped when the test that asks for it has finished. */
export async function testProxy(url: string, cut?: Cut): Promise<Proxy> {
  const proxy = await startProxy(url, cut);
  onTestFinished(proxy.stop);
  return proxy;
}

/** Puts the bytes that the program sends together to whole messages. */
function framing(onMessage: (message: Buffer, isStartup: boolean) => void): (data: Buffer) => void {
  let pending = Buffer.alloc(0);
  let isTyped = false;
  return (data) => {
    pending = Buffer.concat([pending, data]);
    for (;;) {
      const start = isTyped ? 1 : 0;
      if (pending.length < start + 4) return;
      const length = start + pending.readInt32BE(start);
      if (pending.length < length) return;
      const message = pending.subarray(0, length);
      pending = pending.subarray(length);
      const isStartup = !isTyped && message.readInt32BE(4) === STARTUP;
      isTyped ||= isStartup;
      onMessage(message, isStartup);
    }
  };
}
