import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { temporaryFolder } from '../support/project.ts';
import { startRelay } from './relay.ts';

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
  const relay = await startRelay(url, (plain, dial) => {
    plain.once('data', (request) => {
      const isTls = request.length === 8 && request.readInt32BE(4) === 80877103;
      if (!isTls) {
        plain.destroy();
        return;
      }
      plain.write('S');
      const [key, cert] = [readFileSync(files.key), readFileSync(files.certificate)];
      const secret = new TLSSocket(plain, { isServer: true, key, cert });
      secret.on('error', () => plain.destroy());
      secret.pipe(dial()).pipe(secret);
    });
  });
  return Object.assign(new URL(relay.through(url)), { hostname: 'localhost' });
}
