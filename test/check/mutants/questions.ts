import pg from 'pg';
import type * as Catalog from '../../../scripts/schema/catalog.js';
import type * as Compare from '../../../scripts/schema/compare.js';
import type * as EffectLines from '../../../scripts/schema/effect-lines.js';
import type * as Effects from '../../../scripts/schema/effects.js';
import { factsFrom } from '../../../scripts/runner/check-schema.js';
import { makeDatabase, type Database } from '../../support/database.js';
import { startEmbedded } from '../../support/embedded.js';
import { allCases, definitions, readCases, type Case } from '../cases.js';
import { inSchemas, isAlone, migrationOf } from '../changes.js';
import { comparisons, effectsBetween, linesOf, two } from '../comparisons.js';
import { restore } from '../restore.js';
import { named, sensitive, settings } from '../samples.js';

/** The modules of scripts/schema, as they are or changed. */
export type Version = typeof Catalog & typeof Compare & typeof EffectLines & typeof Effects;

/** Something that the tests ask; what they expect is what the unchanged program answers. */
export interface Question {
  readonly name: string;
  readonly ask: (version: Version) => unknown;
}

/** The questions that need no database: those of shared-tables.test.ts. */
export const pureQuestions: Question[] = [
  ...comparisons.map(({ name, prerequisites = {}, effects: applied = [], ...given }) => ({
    name,
    ask: async ({ compare, expectation, merge }: Version) => {
      const { pending = [], reverted = [] } = given;
      const effects = { applied, pending: [...reverted, ...pending] };
      const expected = expectation(prerequisites, effects, reverted);
      const live = merge([given.live]);
      return [await compare(expected, live), await compare(expected, live, true)];
    },
  })),
  ...effectsBetween.map(([name, before, after]) => ({
    name,
    ask: ({ effectBetween, merge }: Version) => effectBetween(merge([before]), merge([after])),
  })),
  ...linesOf.map(([direction, effect]) => ({
    name: `the lines of an effect, ${direction}`,
    ask: ({ effectLines, merge }: Version) => effectLines(merge([two]), effect, direction),
  })),
];

const sessions = new Map<string, Promise<pg.Client>>();
/** What queries have answered: where only the comparison is changed, nothing is sent. */
const answers = new Map<string, Promise<pg.QueryResult>>();

async function open(url: string): Promise<pg.Client> {
  const session = new pg.Client({ connectionString: url });
  session.on('error', () => undefined);
  await session.connect();
  // A changed query may join everything with everything.
  await session.query('SET statement_timeout = 20000');
  return session;
}

async function read(url: string, settings: string, sql: string): Promise<pg.QueryResult> {
  if (!sessions.has(url)) sessions.set(url, open(url));
  const session = await sessions.get(url);
  const results = await session?.query(`ROLLBACK; BEGIN READ ONLY; ${settings} ${sql}; ROLLBACK`);
  return (results as unknown as pg.QueryResult[]).at(-2) as pg.QueryResult;
}

function readOnce(url: string, settings: string, sql: string): Promise<pg.QueryResult> {
  const key = [url, settings, sql].join('\0');
  const answer = answers.get(key) ?? read(url, settings, sql);
  // A changed query is asked once; those of the program as it is, by each change of the comparison.
  if (answers.size < 2000) answers.set(key, answer);
  return answer;
}

/** Takes the effect of what is in one database as `snapshot` does, and checks another as `check` does. */
const question = (name: string, from: string, live: string, setting = ''): Question => ({
  name,
  ask: async (version) => {
    const settings = `${setting} ${version.READ_SETTINGS}`;
    const { rows } = await readOnce(
      from,
      version.READ_SETTINGS,
      version.allObjects('public.pgmigrations'),
    );
    const objects = (rows as { object: string }[]).map(({ object }) => object);
    const facts = await readOnce(from, version.READ_SETTINGS, version.factsQuery(objects));
    const effect = version.effectBetween(new Map(), factsFrom(facts));
    const expected = version.expectation({}, { applied: [effect], pending: [] });
    const found = await readOnce(live, settings, version.factsQuery(Object.keys(effect)));
    const compared = (strict: boolean) => version.compare(expected, factsFrom(found), strict);
    return [Object.keys(effect), await compared(false), await compared(true)];
  },
});

/** The questions about databases of this major version and, for all but the first, about effects of the first. */
export async function databaseQuestions(majors: readonly [number, ...number[]]) {
  const questions: Question[] = [];
  const options = {
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: '500',
  };
  const servers = await Promise.all(
    majors.map((major) => startEmbedded({ major, settings: options })),
  );
  const make = async (url: string, sql: string): Promise<Database> => {
    const database = await makeDatabase(url);
    await database.query(
      'CREATE TABLE pgmigrations (id serial PRIMARY KEY, name text, run_on timestamp)',
    );
    await database.query(sql);
    return database;
  };
  const changed = async (
    server: string,
    name: string,
    made: string,
    changes: readonly string[],
  ) => {
    const before = await make(server, made);
    const after = await makeDatabase(server, { template: before.name });
    for (const change of changes) await after.query(change);
    questions.push(question(name, before.url, after.url));
    return before;
  };
  const together = async (server: string, name: string, cases: readonly Case[]) => {
    const some = cases.filter((one) => !isAlone(one));
    return changed(
      server,
      name,
      migrationOf(some),
      inSchemas(some, (one) => one.change),
    );
  };
  const first = servers[0]?.url ?? '';
  for (const [index, { url }] of servers.entries()) {
    const major = majors[index] ?? 0;
    await together(url, `cases (${major})`, allCases(major));
    const made = migrationOf(definitions(Math.min(...majors)));
    const other = await make(url, made);
    questions.push(
      question(`definitions of ${majors[0]} (${major})`, (await make(first, made)).url, other.url),
    );
    const copy = await makeDatabase(url);
    await restore(other.url, copy);
    questions.push(question(`restored (${major})`, other.url, copy.url));
    if (index > 0) continue;
    await together(url, 'limits', readCases('limits.txt', major));
    await changed(url, 'names', named.make, [named.change]);
    const quiet = await make(url, sensitive);
    for (const setting of settings)
      questions.push(question(setting, quiet.url, quiet.url, `SET LOCAL ${setting};`));
    const alone = [...allCases(major), ...readCases('limits.txt', major)].filter(isAlone);
    for (const one of alone) await changed(url, one.name, one.make, [one.change]);
  }
  return { questions, stop: () => Promise.all(servers.map((server) => server.stop())) };
}
