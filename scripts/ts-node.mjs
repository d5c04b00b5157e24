// `node --import ./scripts/ts-node.mjs` runs TypeScript. Types are checked by `npm run types`, not here.
import { register } from 'node:module';
import { fileURLToPath, URL } from 'node:url';

process.env.TS_NODE_TRANSPILE_ONLY ??= 'true';
process.env.TS_NODE_PROJECT ??= fileURLToPath(new URL('../tsconfig.json', import.meta.url));
// Where there is no navigator, as in Node.js 20, pg loads fetch (20 ms) to see whether it runs on Cloudflare.
globalThis.navigator ??= { userAgent: 'Node.js' };
register('./ts-node-cache.mjs', import.meta.url);
