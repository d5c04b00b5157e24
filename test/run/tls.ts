import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { listen } from '../support/ports.ts';
import { temporaryFolder } from '../support/project.ts';

/** Creates a self-signed certificate and its key. Both files are removed at the end of the test. */
export function testCertificate(name: string) {
  const folder = temporaryFolder();
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const kind = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1';
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', [...kind.split(' '), ...files, ...subject], { stdio: 'ignore' });
  return { key, certificate };
}

/**
 * Starts a TLS proxy in front of the server of `url`. It answers a request for TLS as PostgreSQL does (see
 * "SSL Session Encryption" in the manual), and refuses a client that does not ask for TLS. Returns its URL.
 */
export async function testTlsServer(
  url: string,
  files: ReturnType<typeof testCertificate>,
): Promise<URL> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((plain) => {
    sockets.add(plain);
    plain.on('error', () => undefined);
    plain.once('data', (request) => {
      const isTls = request.length === 8 && request.readInt32BE(4) === 80877103;
      if (!isTls) {
        plain.destroy();
        return;
      }
      plain.write('S');
      const secret = new TLSSocket(plain, {
        isServer: true,
        key: readFileSync(files.key),
        cert: readFileSync(files.certificate),
      });
      const behind = connect(Number(target.port), target.hostname);
      sockets.add(behind);
      for (const socket of [secret, behind]) socket.on('error', () => secret.destroy());
      secret.pipe(behind).pipe(secret);
    });
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return Object.assign(new URL(url), { hostname: 'localhost', port: String(port) });
}
