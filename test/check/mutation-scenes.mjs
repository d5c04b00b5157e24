/* global AbortController -- Node has it, the linter is not told for .mjs in test/ */
/**
 * The databases that mutants are asked about: every scene of the alarm cases and of the silence, and a copy of it for
 * each thing that goes wrong in it. They are made once, and a session stays open in each.
 */
import pg from 'pg';

/** What a session may take for one question; a mutant that joins everything with everything is cut off. */
const TIMEOUT = 'SET statement_timeout = 20000';

/**
 * Makes them.
 *
 * @param load imports a module of the copy of this project in JavaScript
 * @param isWanted which of the kinds of allCases
 * @returns the questions, of `{name, scene, session, differences}`: a scene has `prerequisites` and `effects` of its own, or
 *   what its `snapshot` has to give, `committed` or `definitions`. A question with `warnings` is not strict.
 */
export async function makeScenes(load, server, major, isWanted = () => true) {
  const { main } = await load('scripts/main.js');
  const { allCases } = await load('test/alarm/all.js');
  const { workflowCases } = await load('test/alarm/workflow.js');
  const { strangeNames } = await load('test/alarm/names.js');
  const { elsewhere, sensitive, settings } = await load('test/alarm/quiet.js');
  const { viewQueries, viewTables } = await load('test/alarm/view-queries.js');
  const { definitions } = await load('test/alarm/restored.js');
  const { restore } = await load('test/support/restore.js');
  const { makeDatabase, fixture } = await load('test/support/database.js');
  const { readProject } = await load('scripts/project.js');
  const { readSettings } = await load('scripts/settings.js');

  const questions = [];
  const ask = (name, scene, database, differences = [], warnings = undefined) => {
    questions.push({ name: `${name} (${major})`, scene, url: database.url, differences, warnings });
  };
  const make = async (name, sql, scene = {}) => {
    const database = await makeDatabase(server.url);
    await database.query(sql);
    scene.url = database.url;
    ask(`${name}, unspoiled`, scene, database);
    return { scene, database };
  };
  const spoil = async (name, { scene, database }, sql, differences, warnings) => {
    const copy = await makeDatabase(server.url, { template: database.name });
    await copy.query(sql.replaceAll('DATABASE_NAME', copy.name));
    ask(name, scene, copy, differences, warnings);
  };
  const jobs = [];

  await make('every kind', fixture('every-kind.sql'), { committed: JSON.parse(fixture('every-kind.json')) });
  await make('views', viewsOf(viewTables, viewQueries), { definitions: Object.values(viewQueries) });
  if (isWanted('names')) await make('names', tablesOfNames(strangeNames));
  if (isWanted('settings')) {
    const quiet = await make('quiet', sensitive);
    for (const setting of settings)
      jobs.push(() => spoil(setting, quiet, `ALTER DATABASE DATABASE_NAME SET ${setting}`, []));
  }
  if (isWanted('workflow')) {
    const head = await makeHead();
    ask('the five migrations', head.scene, head.database);
    for (const [name, sql] of Object.entries(elsewhere)) jobs.push(() => spoil(name, head, sql, []));
    for (const { name, spoil: sql, differences } of workflowCases) jobs.push(() => spoil(name, head, sql, differences));
  }
  for (const { name, make: sql, since = 0 } of definitions)
    if (isWanted('restored') && since <= major)
      jobs.push(async () => {
        const { scene, database } = await make(name, sql);
        const copy = await makeDatabase(server.url);
        await restore(database.url, copy);
        ask(`${name}, restored`, scene, copy);
      });
  if (isWanted('warnings')) {
    const table = await make('a table', 'CREATE TABLE t (a integer)');
    const mine = { kind: 'unexpected', object: 'index public.mine', expected: null, found: 'btree (a)' };
    await spoil('a warning', table, 'CREATE INDEX mine ON t (a)', [], [mine]);
  }

  /** The project itself, at its last migration. */
  async function makeHead() {
    const { root } = await load('test/support/root.js');
    const database = await makeDatabase(server.url);
    await database.query(fixture('base-schema.sql'));
    const code = await main({
      argv: ['up', '--strict'],
      env: { DATABASE_URL: database.url },
      root,
      stdout: () => undefined,
      stderr: (text) => process.stderr.write(text),
      color: { stdout: false, stderr: false },
      terminal: false,
      signal: new AbortController().signal,
    });
    if (code !== 0) throw new Error('the five migrations could not be applied');
    const { migrations, prerequisites } = readProject(readSettings(root, {}));
    return {
      database,
      scene: { url: database.url, prerequisites, effects: migrations.map(({ effect }) => effect) },
    };
  }

  const byMake = new Map();
  for (const [kind, cases] of Object.entries(allCases).filter(([name]) => isWanted(name)))
    for (const { name, make: sql, spoil: change, differences, since = 0 } of cases)
      if (since <= major) byMake.set(sql, [...(byMake.get(sql) ?? []), [`${kind}: ${name}`, change, differences]]);
  for (const [sql, cases] of byMake)
    jobs.push(async () => {
      const made = await make(cases[0][0], sql);
      for (const [name, change, differences] of cases) await spoil(name, made, change, differences);
    });
  const worker = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
  };
  await Promise.all([worker(), worker(), worker()]);
  await openSessions(questions);
  return questions;
}

async function openSessions(questions) {
  const sessions = new Map();
  for (const each of questions.flatMap((question) => [question, question.scene]))
    each.session = await sessionOf(each.url);
  async function sessionOf(url) {
    if (!sessions.has(url)) {
      const session = new pg.Client({ connectionString: url });
      session.on('error', () => undefined); // The server stops before.
      await session.connect();
      await session.query(TIMEOUT);
      sessions.set(url, session);
    }
    return sessions.get(url);
  }
}

/** One database of tables, columns and indexes of these names; as in silence.test.ts. */
function tablesOfNames(strangeNames) {
  const names = strangeNames.map((name) => `"${name.replaceAll('"', '""')}"`);
  return names
    .map(
      (name, i) =>
        `CREATE TABLE ${name} (${names.join(' integer, ')} integer); CREATE INDEX "i${i} ${i}.x" ON ${name} (${name})`,
    )
    .join('; ');
}

/** The views of versions.test.ts, which says how they have to read. */
const viewsOf = (tables, queries) =>
  [tables, ...Object.keys(queries).map((query, index) => `CREATE VIEW v${index} AS ${query}`)].join('; ');
