/**
 * Measures how long the longest statement of a writer takes on a large `workflow_executions`: with no other
 * load, while the legacy files run in one transaction, and while `npm run migrate up` runs.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { legacyFiles, legacySql } from '../migrations/legacy.ts';
import { fixture, type Database } from '../support/database.ts';
import { start } from '../support/migrate.ts';
import type { Server } from './databases.ts';
import { median } from './measure.ts';
import { longestStall } from './writers.ts';

export interface Stall {
  readonly name: string;
  /** The median of the longest statements, one of each repetition. */
  readonly milliseconds: number;
}

const ways: Readonly<Record<string, (database: Database) => Promise<unknown>>> = {
  'nothing else': () => pause(3000),
  'the legacy files, in one transaction': (database) =>
    database.query(['BEGIN', ...legacyFiles.map(legacySql), 'COMMIT'].join(';\n')),
  'npm run migrate up': async ({ url }) => {
    const { code, stderr } = await start(['up'], { url }).finished;
    if (code !== 0) throw new Error(`migrate up ended with ${String(code)}: ${stderr}`);
  },
};

/** Adds executions like those of an application. All are completed, with some JSON as input and output. */
const executions = (rows: number): string => `INSERT INTO workflow_executions
    (id, template_id, user_id, status, input, output, started_at, completed_at, created_at)
  SELECT md5(n::text)::uuid, 'template-' || n % 40,
    ('00000000-0000-4000-8000-00000000000' || 1 + n % 2)::uuid, 'completed',
    jsonb_build_object('step', n % 7, 'customer', md5((n % 100000)::text)),
    jsonb_build_object('done', true, 'pages', n % 300), t, t + n % 90 * interval '1 s', t
  FROM generate_series(1, ${rows}) AS n,
    LATERAL (SELECT timestamptz '2024-01-01' + n * interval '17 s') AS started(t)`;

/** Measures each of the ways `times` times, each time on a new copy of a database with `rows` executions. */
export async function measureStalls(server: Server, rows: number, times: number): Promise<Stall[]> {
  const template = await server.database('base');
  await template.query(fixture('base-rows.sql'));
  await template.query(executions(rows));
  await template.query('VACUUM (FREEZE, ANALYZE)');
  const found = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let time = 0; time < times; time++)
    for (const [name, work] of Object.entries(ways)) {
      const database = await server.database(template);
      await database.query('CHECKPOINT');
      found.get(name)?.push(await longestStall(database, rows, () => work(database)));
      await database.drop();
    }
  return [...found].map(([name, values]) => ({ name, milliseconds: median(values) }));
}
