/**
 * pg_dump 18 (PostgreSQL's own, compiled to WebAssembly by pglite-tools), for any server from version 9.2 to 18.
 *
 * Its network is replaced by callbacks that must answer at once, so this process talks over file descriptor 3, a
 * blocking pipe whose other end dump.ts joins to the server. Arguments: those of pg_dump. Prints the dump.
 */
import { readSync, writeSync } from 'node:fs';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';

const server = 3;
let request = Buffer.alloc(0);
let isStarted = false;

/** Takes bytes from pg_dump; once they are complete messages that the server answers, hands it the whole answer. */
function exchange(bytes, { onRawData }) {
  writeSync(server, bytes);
  request = Buffer.concat([request, bytes]);
  for (let message = nextRequest(); message !== undefined; message = nextRequest()) {
    if (['startup', 'p', 'Q', 'S'].includes(message)) onRawData(readAnswer());
  }
}

function nextRequest() {
  const header = isStarted ? 1 : 0; // the first message alone has no type
  if (request.length < header + 4) return undefined;
  const end = header + request.readInt32BE(header);
  if (request.length < end) return undefined;
  const type = isStarted ? String.fromCharCode(request[0]) : 'startup';
  request = request.subarray(end);
  isStarted = true;
  return type;
}

/** Up to `ready for query`, to a request for authentication, or to the end of the connection. */
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

// pgDump asks for the search_path of the session before and after, which is of no concern here.
const query = () => Promise.resolve({ rows: [{ search_path: '' }] });
const pg = { execProtocolRawStream: exchange, query, exec: () => Promise.resolve() };
try {
  const file = await pgDump({ pg, args: process.argv.slice(2) });
  process.stdout.write(await file.text());
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(error.message); // without what else node prints: the whole of a minified library
}
