// ts-node with a cache: loading TypeScript takes most of the time of a start. The cache is in node_modules, by the
// content of a file; where that folder cannot be written, every start transpiles again.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('../node_modules/.cache/ts-node/', import.meta.url));
const packages = ['ts-node/package.json', 'typescript/package.json'].map((file) =>
  require.resolve(file),
);
const versions = [process.env.TS_NODE_PROJECT, ...packages].map((file) =>
  readFileSync(file, 'utf8'),
);
let tsNode;

/** A TypeScript file imports `./x.js`, and means `./x.ts`. */
export async function resolve(specifier, context, next) {
  const isFromTypeScript =
    context.parentURL?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(specifier);
  const url = isFromTypeScript
    ? new URL(specifier.replace(/js$/, 'ts'), context.parentURL).href
    : specifier;
  const isThere = isFromTypeScript ? existsSync(new URL(url)) : /^file:.*\.ts$/.test(url);
  return isThere ? { url, format: 'module', shortCircuit: true } : next(specifier, context);
}

export async function load(url, context, next) {
  if (!/^file:.*(?<!\.d)\.ts$/.test(url)) return next(url, context);
  const path = fileURLToPath(url);
  const hash = createHash('sha256').update([...versions, path, readFileSync(path)].join('\0'));
  const file = join(folder, `${hash.digest('hex')}.js`);
  try {
    return { format: 'module', source: readFileSync(file), shortCircuit: true };
  } catch {
    // It is not in the cache yet.
  }
  tsNode ??= await import('ts-node/esm');
  const loaded = await tsNode.load(url, context, next);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${file}.${process.pid}`, loaded.source);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // The folder cannot be written.
  }
  return loaded;
}
