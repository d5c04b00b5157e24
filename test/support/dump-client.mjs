/**
 * Runs pg_dump 18 (PostgreSQL's own, compiled to WebAssembly by pglite-tools) and prints the dump. The
 * arguments are those of pg_dump. The server may have any version from 9.2 to 18.
 *
 * This pg_dump cannot connect to a server. It calls a function, which must send a message and return with the
 * answer. The function uses file descriptor 3, a blocking pipe; dump.ts connects its other end to the server.
 */
import { readSync, writeSync } from 'node:fs';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';

const server = 3;
let request = Buffer.alloc(0);
let isStarted = false;

/** Sends bytes of pg_dump to the server. After a message that the server answers, passes on the answer. */
function exchange(bytes, { onRawData }) {
  writeSync(server, bytes);
  request = Buffer.concat([request, bytes]);
  for (let message = nextRequest(); message !== undefined; message = nextRequest()) {
    if (['startup', 'p', 'Q', 'S'].includes(message)) onRawData(readAnswer());
  }
}

function nextRequest() {
  const header = isStarted ? 1 : 0; // Every message but the first begins with its type, one byte.
  if (request.length < header + 4) return undefined;
  const end = header + request.readInt32BE(header);
  if (request.length < end) return undefined;
  const type = isStarted ? String.fromCharCode(request[0]) : 'startup';
  request = request.subarray(end);
  isStarted = true;
  return type;
}

/** Reads messages up to ReadyForQuery, a request for authentication, or the end of the connection. */
function readAnswer() {
  const parts = [];
  for (;;) {
    const header = read(5);
    if (header === undefined) return Buffer.concat(parts);
    const body = read(header.readInt32BE(1) - 4) ?? Buffer.alloc(0);
    parts.push(header, body);
    const type = String.fromCharCode(header[0]);
    const isQuestion = type === 'R' && ![0, 12].includes(body.readInt32BE(0));
    if (type === 'Z' || isQuestion) return Buffer.concat(parts);
  }
}

function read(length) {
  const buffer = Buffer.alloc(length);
  for (let filled = 0; filled < length;) {
    const count = readSync(server, buffer, filled, length - filled, null);
    if (count === 0) return undefined;
    filled += count;
  }
  return buffer;
}

// pgDump would save and restore the search_path of the session. This session ends with the dump.
const query = () => Promise.resolve({ rows: [{ search_path: '' }] });
const pg = { execProtocolRawStream: exchange, query, exec: () => Promise.resolve() };
try {
  const file = await pgDump({ pg, args: process.argv.slice(2) });
  process.stdout.write(await file.text());
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(error.message); // An uncaught error would print its line: a minified library.
}
