// Lets `node --import ./scripts/ts-node.mjs` run TypeScript. Types are checked by `npm run verify`, not at run time.
import { register } from 'node:module';
process.env.TS_NODE_TRANSPILE_ONLY ??= 'true';
register('ts-node/esm', import.meta.url);
