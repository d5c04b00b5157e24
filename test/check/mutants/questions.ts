import pg from 'pg';
import { factsFrom } from '../../../scripts/runner/check-schema.ts';
import { makeDatabase } from '../../support/database.ts';
import { allCases, definitions, readCases, type Case } from '../cases.ts';
import { inSchemas, migrationOf, needsOwnDatabase } from '../changes.ts';
import { comparisons, effectCases, effectLineCases, resultsOf } from '../comparisons.ts';
import { restore } from '../restore.ts';
import { namedObjects, sensitiveToSettings, settings } from '../samples.ts';

/** The modules of scripts/schema, unchanged or changed. */
export type Version = typeof import('../../../scripts/schema/catalog.ts') &
  typeof import('../../../scripts/schema/compare.ts') &
  typeof import('../../../scripts/schema/effects.ts');

/** Computes something with a version. The right answer is that of the unchanged program. */
export type Question = (version: Version) => unknown;

/** The questions of shared-tables.test.ts, which need no database. */
export const pureQuestions: readonly Question[] = [
  ...comparisons.map((given) => (version: Version) => resultsOf(version, given)),
  ...effectCases.map(({ before, after }) => ({ effectBetween, merge }: Version) => {
    return effectBetween(merge(before), merge(after));
  }),
  ...effectLineCases.map(({ before, after }) => ({ effectLines, merge }: Version) => {
    return effectLines(merge(before), merge(after));
  }),
];

const sessions = new Map<string, pg.Client>();

async function read(url: string, sql: string): Promise<pg.QueryResult> {
  // A mutation may make the query a huge cross join.
  const config = { connectionString: url, statement_timeout: 20_000 };
  const session = sessions.get(url) ?? new pg.Client(config).on('error', () => undefined);
  if (!sessions.has(url)) await session.connect();
  sessions.set(url, session);
  const results = await session.query(`ROLLBACK; BEGIN READ ONLY; ${sql}; ROLLBACK`);
  return (results as unknown as pg.QueryResult[]).at(-2) as pg.QueryResult;
}

/** Makes an effect from one database, like `snapshot`, and compares another one with it, like `check`. */
const question = (from: string, live: string, setting = ''): Question => {
  return async (schema) => {
    const { READ_SETTINGS, allObjects, wantedObjects, factsQuery } = schema;
    const { effectBetween, expectedAt, compare } = schema;
    const all = factsQuery(allObjects('public.pgmigrations'));
    const facts = await read(from, `${READ_SETTINGS} ${all}`);
    const effect = effectBetween(new Map(), factsFrom(facts));
    const expected = expectedAt({ prerequisites: {}, effects: [effect] }, 1);
    const query = factsQuery(wantedObjects(Object.keys(effect)));
    const found = factsFrom(await read(live, `${setting} ${READ_SETTINGS} ${query}`));
    const results = [await compare(expected, found), await compare(expected, found, true)];
    return [Object.keys(effect), ...results];
  };
};

/** Questions about databases on these servers. Effects for other servers are made on the first one. */
export async function* databaseQuestions(majors: number[], urls: string[]) {
  const [first = 0] = majors;
  const [home = ''] = urls;
  const make = async (url: string, sql: string) => {
    const database = await makeDatabase(url);
    await database.query(`CREATE TABLE pgmigrations (id serial PRIMARY KEY); ${sql}`);
    return database;
  };
  const afterChanges = async (url: string, made: string, changes: readonly string[]) => {
    const before = await make(url, made);
    const after = await makeDatabase(url, { template: before.name });
    for (const change of changes) await after.query(change);
    return question(before.url, after.url);
  };
  const casesTogether = async (url: string, cases: readonly Case[]) => {
    const sharing = cases.filter((one) => !needsOwnDatabase(one));
    const changes = inSchemas(sharing, (one) => one.change);
    return afterChanges(url, migrationOf(sharing), changes);
  };
  for (const [index, url] of urls.entries()) {
    yield casesTogether(url, allCases(majors[index]));
    const sql = migrationOf(definitions(Math.min(...majors)));
    const [written, live] = [await make(home, sql), await make(url, sql)];
    const copy = await makeDatabase(url);
    yield question(written.url, live.url);
    await restore(live.url, copy);
    yield question(live.url, copy.url);
  }
  const limits = readCases('limits.txt', first);
  yield casesTogether(home, limits);
  yield afterChanges(home, namedObjects.make, [namedObjects.change]);
  const { url } = await make(home, sensitiveToSettings);
  for (const setting of settings) yield question(url, url, `SET LOCAL ${setting};`);
  for (const { make: made, change } of [...allCases(first), ...limits].filter(needsOwnDatabase))
    yield afterChanges(home, made, [change]);
}
