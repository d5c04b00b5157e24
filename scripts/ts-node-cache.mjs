// ts-node, but for files that it has transpiled before: loading TypeScript for each start would take most of its time.
// What it made is kept under node_modules by its content; where that cannot be written there is no cache.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL('../node_modules/.cache/ts-node/', import.meta.url));
const makers = [
  process.env.TS_NODE_PROJECT,
  require.resolve('ts-node/package.json'),
  require.resolve('typescript/package.json'),
];
const salted = createHash('sha256').update(
  makers.map((file) => readFileSync(file, 'utf8')).join('\0'),
);
let tsNode;

/** `./x.js`, imported by a TypeScript file, is `./x.ts` where there is one. */
export async function resolve(specifier, context, next) {
  if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
    if (existsSync(url)) return { url: url.href, format: 'module', shortCircuit: true };
  }
  if (/^file:.*\.ts$/.test(specifier))
    return { url: specifier, format: 'module', shortCircuit: true };
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!/^file:.*(?<!\.d)\.ts$/.test(url)) return next(url, context);
  const path = fileURLToPath(url);
  const source = readFileSync(path);
  const key = salted.copy().update(path).update(source).digest('hex');
  const file = join(folder, `${key}.js`);
  try {
    return { format: 'module', source: readFileSync(file), shortCircuit: true };
  } catch {
    // Not made yet.
  }
  tsNode ??= await import('ts-node/esm');
  const loaded = await tsNode.load(url, context, next);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${file}.${process.pid}`, loaded.source);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A read-only container: then each start transpiles anew.
  }
  return loaded;
}
