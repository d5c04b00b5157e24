// Runs a TypeScript file, and the files that it imports: `node scripts/ts-node.cjs scripts/migrate.ts`.
// ts-node compiles each file once, with its options in tsconfig.json. The output is cached in
// node_modules/.cache. If that folder cannot be written, every start compiles all files again.
const { hash, randomUUID } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { join, resolve } = require('node:path');

const folder = join(__dirname, '../node_modules/.cache/ts-node');
const project = join(__dirname, '../tsconfig.json');
const settings = readFileSync(project, 'utf8');
let compiler;

// A hook for CommonJS. Node.js runs hooks for ES modules in another thread, which takes 45 ms to start.
Module._extensions['.ts'] = (module, file) => module._compile(compiled(file), file);

function compiled(file) {
  const source = readFileSync(file, 'utf8');
  const key = hash('sha256', [settings, file, source].join('\0'));
  const cached = join(folder, `${key}.cjs`);
  try {
    return readFileSync(cached, 'utf8');
  } catch {
    // The file is not in the cache yet, or another user's.
  }
  // Without this, ts-node runs compiled code from a folder in /tmp, which another user may have created.
  process.env.DISABLE_V8_COMPILE_CACHE = '1';
  compiler ??= require('ts-node').create({ project });
  const url = `require('node:url').pathToFileURL(__filename).href`;
  const output = compiler.compile(source, file).replaceAll('import.meta.url', url);
  try {
    mkdirSync(folder, { recursive: true });
    const draft = `${cached}.${randomUUID()}`;
    writeFileSync(draft, output, { flush: true }); // A crash of the machine must not leave an empty file.
    renameSync(draft, cached);
  } catch {
    // The folder cannot be written: go on without the cache. jiti might then use one in /tmp.
    process.env.JITI_FS_CACHE = 'false';
  }
  return output;
}

// Node.js 20 has no navigator. Without one, pg loads fetch (20 ms) to find out whether it runs on Cloudflare.
globalThis.navigator ??= { userAgent: 'Node.js' };
// Make process.argv what it would be if Node.js had been started with the TypeScript file itself.
process.argv.splice(1, 2, resolve(process.argv[2]));
require(process.argv[1]);
