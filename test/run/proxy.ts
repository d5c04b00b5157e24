import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Which connection is cut, and after how many messages of the program; its startup packet is the first. */
export interface Cut {
  /** What the connection is for, as its `application_name` says. */
  readonly purpose: string;
  readonly after: number;
  /** Only these messages count. */
  readonly of?: RegExp;
  /** Done in place of cutting it, when the message is sent. */
  readonly instead?: () => void;
  /** From then on, no answer of the server passes. */
  readonly isMute?: boolean;
}

/**
 * A proxy in front of a PostgreSQL server that knows where the messages of the protocol end (manual, 55.2). It
 * cuts the connection after it has sent the server the message that `cut` names: the server may still do what
 * the message says, but nobody hears of it.
 */
export async function startProxy(url: string, cut: Cut) {
  const target = new URL(url);
  const sockets: Socket[] = [];
  let hasCut = false;
  let counted = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    sockets.push(client, upstream);
    const end = () => [client, upstream].forEach((socket) => socket.destroy());
    client.on('error', end).on('close', () => upstream.end());
    upstream.on('error', end).on('close', () => client.destroy());
    upstream.on('data', (data) => {
      if (!client.destroyed && !(hasCut && cut.isMute)) client.write(data);
    });
    let purpose: string | undefined;
    const onMessage = (message: Buffer, isFirst: boolean) => {
      const text = message.toString('latin1');
      if (isFirst) purpose = /application_name\0migrate \w+ (\w+) /.exec(text)?.[1];
      upstream.write(message);
      if (hasCut || purpose !== cut.purpose || cut.of?.test(text) === false) return;
      counted++;
      if (counted < cut.after) return;
      hasCut = true;
      if (cut.instead) cut.instead();
      else client.destroy();
    };
    client.on('data', splitter(onMessage));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    /** The same address, through the proxy. */
    through: (address: string) =>
      Object.assign(new URL(address), { hostname: '127.0.0.1', port: String(port) }).href,
    hasCut: () => hasCut,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Splits what a client sends into messages. The first one has no type before its length. */
function splitter(onMessage: (message: Buffer, isFirst: boolean) => void) {
  let pending = Buffer.alloc(0);
  let isFirst = true;
  return (data: Buffer) => {
    pending = Buffer.concat([pending, data]);
    for (;;) {
      const start = isFirst ? 0 : 1;
      const end = pending.length < start + 4 ? Infinity : start + pending.readInt32BE(start);
      if (pending.length < end) return;
      onMessage(pending.subarray(0, end), isFirst);
      pending = pending.subarray(end);
      isFirst = false;
    }
  };
}
