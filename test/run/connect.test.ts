import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { testProxy } from './proxy.js';
import { testDatabase } from '../support/test-database.js';
import { HEAD, call, start } from './workflows.js';
import { testAll } from '../support/everything.js';

/** An address with some parts replaced. */
function changed(
  address: string,
  parts: Partial<Pick<URL, 'hostname' | 'port' | 'username' | 'password' | 'pathname'>>,
): string {
  return Object.assign(new URL(address), parts).href;
}

/** A server that answers every connection with one error, as PostgreSQL does while it starts; until it is told to stop. */
async function startingServer(port: number) {
  const fields = ['SFATAL', 'VFATAL', 'C57P03', 'Mthe database system is starting up']
    .map((field) => `${field}\0`)
    .join('');
  const answer = Buffer.concat([Buffer.from('E'), Buffer.alloc(4), Buffer.from(`${fields}\0`)]);
  answer.writeInt32BE(answer.length - 1, 1);
  let asked = 0;
  const server = createServer((socket) => {
    asked++;
    socket.on('error', () => undefined).once('data', () => socket.end(answer));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  onTestFinished(stop);
  return { port: (server.address() as AddressInfo).port, asked: () => asked, stop };
}

test.runIf(testAll)(
  'a server that takes the connection and never answers: is an error after a while',
  async () => {
    const server = createServer((socket) => void socket.on('error', () => undefined)).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const report = (
      await call(['up', '--json'], { url: `postgres://app:x@127.0.0.1:${port}/shop` })
    ).json();
    expect(report).toMatchObject({ exitCode: 3, error: { code: 'not-connected' } });
    expect(report.error?.hint).toContain('There was no answer');
  },
);

describe('--connect-wait', () => {
  test('waits for a server that is not there yet, then for one that is starting, and then migrates', async () => {
    const database = await testDatabase({ rows: true });
    const proxy = await testProxy(database.url);
    const starting = await startingServer(0);
    const url = changed(database.url, { port: String(starting.port) });
    const run = call(['up', '--json', '--connect-wait=60'], { url });
    while (starting.asked() < 2) await new Promise((resolve) => setImmediate(resolve));
    await starting.stop();
    // The same port now leads to the real server.
    const real = createServer((socket) => {
      const upstream = new URL(proxy.through(database.url));
      const other = import('node:net').then(({ connect }) =>
        connect(Number(upstream.port), upstream.hostname),
      );
      void other.then((target) => {
        socket
          .on('error', () => target.destroy())
          .on('close', () => target.destroy())
          .pipe(target);
        target
          .on('error', () => socket.destroy())
          .on('close', () => socket.destroy())
          .pipe(socket);
      });
    }).listen(starting.port, '127.0.0.1');
    onTestFinished(() => void real.close());
    expect((await run).json()).toMatchObject({ outcome: 'applied', exitCode: 0, version: HEAD });
  });

  test('without it, a server that is starting is no reason to wait', async () => {
    const starting = await startingServer(0);
    const url = `postgres://app:s3cret-of-mine@127.0.0.1:${starting.port}/shop`;
    expect((await call(['up', '--json'], { url })).json()).toMatchObject({
      exitCode: 3,
      error: {
        sqlstate: '57P03',
        hint: expect.stringContaining('--connect-wait=30') as string,
      },
    });
    expect(starting.asked()).toBe(1);
  });

  test('does not wait where waiting cannot help: a wrong password is tried once', async () => {
    const { url: server } = inject('server');
    const proxy = await testProxy(server);
    const url = changed(proxy.through(server), { password: 'wrong' });
    expect((await call(['up', '--connect-wait=60'], { url })).code).toBe(3);
    expect(proxy.connections()).toBe(1);
  });

  test('gives up when its seconds are over, and says what the last try said', async () => {
    const port = await freePort(0);
    const started = performance.now();
    const url = `postgres://app@127.0.0.1:${port}/shop`;
    const report = (await call(['up', '--json', '--connect-wait=2'], { url })).json();
    expect(report).toMatchObject({
      outcome: 'unavailable',
      exitCode: 3,
      error: { code: 'not-connected' },
    });
    expect(report.error?.message).toContain(`connect ECONNREFUSED 127.0.0.1:${port}`);
    expect(performance.now() - started).toBeGreaterThan(1990);
  });

  test('ends with a signal', async () => {
    const starting = await startingServer(0);
    const run = start(['up', '--json', '--connect-wait=600'], {
      url: `postgres://app:x@127.0.0.1:${starting.port}/shop`,
    });
    while (starting.asked() < 2) await new Promise((resolve) => setImmediate(resolve));
    run.child.kill('SIGTERM');
    expect((await run.finished).code).toBe(143);
  });
});
