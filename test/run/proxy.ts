import type { Socket } from 'node:net';
import { startRelay } from './relay.ts';

/** Which connection of the program the proxy cuts, and when. */
export interface Cut {
  /** The purpose in the `application_name` of the connection: `run`, `lock` or `monitor`. */
  readonly purpose: string;
  /** How many messages of the program the proxy passes on before it cuts. The startup packet is the first. */
  readonly after: number;
  /** If given, only messages that match are counted. */
  readonly of?: RegExp;
  /** If given, called with the connection instead of cutting it. */
  readonly instead?: (client: Socket) => void;
  /** True to keep back all answers of the server after the last counted message. */
  readonly isMute?: boolean;
}

/**
 * Starts a proxy in front of a PostgreSQL server, which splits what the program sends into the messages of
 * the protocol (manual: "Message Formats"). After it has passed on the message that `cut` selects, it cuts
 * the connection: the server may still do what the message says, but the program gets no answer.
 */
export async function startProxy(url: string, cut: Cut) {
  let hasCut = false;
  let counted = 0;
  const relay = await startRelay(url, (client, dial) => {
    const upstream = dial().on('data', (data) => {
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
      if (cut.instead) cut.instead(client);
      else client.destroy();
    };
    client.on('data', splitter(onMessage));
  });
  return { ...relay, hasCut: () => hasCut };
}

/** Splits what a client sends into messages. All but the first have a type, one byte, before their length. */
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
