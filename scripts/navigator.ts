/**
 * Node.js 20 has no `navigator`, and so `pg` makes a `Response` to see whether it is in a Cloudflare Worker: Node loads all
 * of `fetch` for it, which takes longer than to connect. Later versions have one, and `pg` looks no further.
 */
if (!('navigator' in globalThis))
  Object.assign(globalThis, { navigator: { userAgent: `Node.js/${process.versions.node}` } });
