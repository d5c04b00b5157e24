import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { call, report, words } from './call.ts';
import { makeDatabase, type Database } from './database.ts';
import { start as startIn } from './migrate.ts';
import { textOf } from './root.ts';
import { testDatabase } from './test-database.ts';

/** The files of a temporary project, by path. An object is written as JSON. */
export type Files = Readonly<Record<string, string | object>>;

/** Creates a temporary folder, which is removed at the end of the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-project-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The files of a project without migrations. */
export const emptyProject: Files = {
  'package.json': { type: 'module' },
  '.node-pg-migraterc.json': { 'migrations-dir': 'migrations', schema: 'public' },
  'migrations/schema/0000_prerequisites.json': {},
};

/** Creates a project in a temporary folder, which is removed at the end of the test. Returns the folder. */
export function testProject(files: Files): string {
  const folder = temporaryFolder();
  write(folder, { ...emptyProject, ...files });
  return folder;
}

/**
 * Reads the files of a project from one text file, in the format of Go's txtar: the line `-- path --` begins
 * a file. The text before the first such line is a comment.
 */
export function filesIn(archive: string): Files {
  const [, ...files] = textOf(`test/${archive}`).split(/^-- (?=\S+ --$)/m);
  const entries = files.map((file) => file.split(/ --\n(.*)/s) as [path: string, content: string]);
  return Object.fromEntries(entries);
}

/** Writes files into a project. Overwrites files that exist. */
export function write(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** The text of a migration file with these bodies of its two functions. */
export const migration = (up: string, down = ''): string =>
  `export async function up(pgm) {\n${up}\n}\nexport async function down(pgm) {\n${down}\n}\n`;

/** The files of a migration: its effect, and its functions with these bodies. */
export const step = (name: string, effect: object, up: string, down = ''): Files => ({
  [`migrations/${name}.ts`]: migration(up, down),
  [`migrations/schema/${name}.json`]: effect,
});

/** The files of a migration that runs SQL. */
export const sqlStep = (name: string, effect: object, up: string, down = ''): Files =>
  step(name, effect, `pgm.sql(${JSON.stringify(up)});`, `pgm.sql(${JSON.stringify(down)});`);

/** The effect of a table with these columns, all `integer NULL`. */
export const table = (name: string, ...columns: string[]) => ({
  [`public.${name}`]: {
    table: '',
    ...Object.fromEntries(columns.map((column) => [`column ${column}`, 'integer NULL'])),
  },
});

/** The files of a migration that creates a table with a column `id`. */
export const createsTable = (number: string, name: string): Files =>
  step(
    `${number}_${name}`,
    table(name, 'id'),
    `pgm.createTable('${name}', { id: 'integer' });`,
    `pgm.dropTable('${name}');`,
  );

/** The files of migrations that each create a table: for the names `a` and `b`, `0001_a` and `0002_b`. */
export const creates = (...names: readonly string[]): Files =>
  merged(names.map((name, index) => createsTable(`000${index + 1}`, name)));

/** The files of several migrations. If they have a file in common, it is the last one. */
export const merged = (files: readonly Files[]): Files => Object.assign({}, ...files) as Files;

/** The settings file of a project, with these schemas, and the migrations table in `migrationsSchema`. */
export const settingsFile = (schema: readonly string[], migrationsSchema = 'public'): Files => ({
  '.node-pg-migraterc.json': { 'migrations-schema': migrationsSchema, schema },
});

/**
 * Creates a project with these files, and a database in which only `base` was run, by default on the server
 * of the tests. Returns both, and functions that run the program on them.
 */
export async function setUp(files: Files, base = 'SELECT 1', server?: { readonly url: string }) {
  const root = testProject(files); // Before any `await`: see testDatabase.
  const database = await (server ? makeDatabase(server.url) : testDatabase({ base: false }));
  const { url, query } = database;
  await query(base);
  const names = async (sql: string) => (await query<{ name: string }>(sql)).map(({ name }) => name);
  return {
    root,
    url,
    database,
    query,
    /** Runs a command line, and returns its JSON. */
    run: (line: string, url = database.url) => report(line, { url, root }),
    /** Runs a command line, and returns its exit code and what it prints. */
    print: (line: string) => call(words(line), { url, root }),
    /** Starts a command line with `--json` in another process. */
    start: (line: string, url = database.url) =>
      startIn([...words(line), '--json'], { url, cwd: root }),
    /** The names of the tables in `public`, except the migrations table. */
    tables: () =>
      names(`SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relname <> 'pgmigrations'
        AND relnamespace = 'public'::regnamespace ORDER BY 1`),
    /** The names in the migrations table. */
    applied: () => names('SELECT name FROM pgmigrations ORDER BY id'),
  };
}

const STATE = `SELECT relnamespace::regnamespace::text AS schema, oid, relname, xmin::text,
    CASE WHEN relkind = 'r' THEN
      query_to_xml(format('SELECT t.xmin, t.* FROM %s t', oid::regclass), true, true, '')::text END AS rows
  FROM pg_class WHERE oid >= 16384 ORDER BY oid`;

/** All tables, indexes and rows, with the transactions that wrote them: equal if nothing was written. */
export const stateOf = ({ query }: Database) => query<{ schema: string }>(STATE);
