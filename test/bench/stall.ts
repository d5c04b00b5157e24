/**
 * How long the longest statement of a writer takes on a large `workflow_executions`, while the plain SQL of the legacy
 * files runs as `psql -1` runs it, and while `npm run migrate up` does.
 *
 *     node --disable-warning=DEP0180 --import ./scripts/ts-node.mjs test/bench/stall.ts [rows] [times] [--fsync]
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { startEmbedded } from '../support/embedded.js';
import { fixture, makeDatabase, type Database } from '../support/database.js';
import { legacyFiles, legacySql, statementsOf } from '../support/legacy.js';
import { start } from '../support/migrate.js';
import { median } from './measure.js';
import { whileWriting, type Noticed } from './writers.js';

const WRITERS = 4;
const numbers = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const [rows = 2_000_000, times = 3] = numbers.map(Number);
const withDisk = process.argv.includes('--fsync');

/** No checkpoint and no autovacuum of the server's own accord falls into one of the two and not into the other. */
const calm = { autovacuum: 'off', checkpoint_timeout: '1h', max_wal_size: '20GB', shared_buffers: '512MB' };
const noDisk = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** Executions as an application leaves them: most of them completed, with some JSON in and out. */
const EXECUTIONS = `INSERT INTO workflow_executions
    (id, template_id, user_id, status, input, output, started_at, completed_at, created_at)
  SELECT md5(n::text)::uuid, 'template-' || n % 40, ('00000000-0000-4000-8000-00000000000' || 1 + n % 2)::uuid,
    CASE n % 50 WHEN 0 THEN 'failed' WHEN 1 THEN 'running' ELSE 'completed' END,
    jsonb_build_object('step', n % 7, 'customer', md5((n % 100000)::text)), jsonb_build_object('done', true, 'pages', n % 300),
    t, t + n % 90 * interval '1 s', t
  FROM generate_series(1, ${rows}) AS n, LATERAL (SELECT timestamptz '2024-01-01' + n * interval '17 s') AS at(t)`;

async function fill(database: Database): Promise<void> {
  await database.query(fixture('base-schema.sql') + fixture('base-rows.sql'));
  await database.query(EXECUTIONS);
  await database.query('VACUUM (FREEZE, ANALYZE)');
}

const ways: Readonly<Record<string, (database: Database) => Promise<unknown>>> = {
  // The same time as ours takes, about, with nothing going on: what the machine itself does to writers.
  nothing: () => pause(5000),
  'the plain SQL, in one transaction': async (database) => {
    const session = await database.connect();
    await session.query('BEGIN');
    for (const statement of legacyFiles.flatMap((file) => statementsOf(legacySql(file))))
      await session.query(statement);
    await session.query('COMMIT');
    await session.end();
  },
  'migrate up': async ({ url }) => {
    const { code, stderr } = await start(['up'], { url }).finished;
    if (code !== 0) throw new Error(`migrate up ended with ${String(code)}: ${stderr}`);
  },
};

const server = await startEmbedded({ major: 18, settings: withDisk ? calm : { ...calm, ...noDisk } });
try {
  const template = await makeDatabase(server.url);
  const filling = performance.now();
  await fill(template);
  const seconds = ((performance.now() - filling) / 1000).toFixed(0);
  console.log(`${rows} executions, made in ${seconds} s; ${WRITERS} writers; fsync ${withDisk ? 'on' : 'off'}\n`);
  const noticed = new Map<string, Noticed[]>(Object.keys(ways).map((name) => [name, []]));
  for (let time = 1; time <= times; time++)
    for (const [name, work] of Object.entries(ways)) {
      const database = await makeDatabase(server.url, { template: template.name });
      await database.query('CHECKPOINT');
      const found = await whileWriting(database, { count: WRITERS, rows }, () => work(database));
      noticed.get(name)?.push(found);
      const { longest, statements } = found;
      console.log(
        `${time}  ${name}: longest ${longest.milliseconds.toFixed(1)} ms, of ${statements} statements in ` +
          `${found.seconds.toFixed(1)} s; at ${longest.at.toFixed(1)} s, waiting for: ${longest.reason || '(not seen)'}`,
      );
      await database.drop();
    }
  const [idle = NaN, plain = NaN, ours = NaN] = [...noticed.values()].map((all) =>
    median(all.map(({ longest }) => longest.milliseconds)),
  );
  console.log(
    `\nmedians of the longest stall: nothing ${idle.toFixed(1)} ms, plain SQL ${plain.toFixed(1)} ms, ` +
      `migrate up ${ours.toFixed(1)} ms: 1/${(plain / ours).toFixed(0)}`,
  );
} finally {
  await server.stop();
}
