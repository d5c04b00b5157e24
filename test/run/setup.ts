import { call } from '../support/call.ts';
import { makeDatabase } from '../support/database.ts';
import { start as startIn } from '../support/migrate.ts';
import { testProject, type Files } from '../support/project.ts';
import { testDatabase } from '../support/test-database.ts';

/** The effect of a table with these columns, all `integer NULL`. */
export const table = (name: string, ...columns: string[]) => ({
  [`public.${name}`]: {
    table: '',
    ...Object.fromEntries(columns.map((column) => [`column ${column}`, 'integer NULL'])),
  },
});

/** The files of a migration: its effect, and its functions with these bodies. */
export const step = (name: string, effect: object, up: string, down = ''): Files => ({
  [`migrations/${name}.ts`]: `export async function up(pgm) { ${up} }\nexport async function down(pgm) { ${down} }\n`,
  [`migrations/schema/${name}.json`]: effect,
});

/** The files of a migration that runs SQL. */
export const sqlStep = (name: string, effect: object, up: string, down = ''): Files =>
  step(name, effect, `pgm.sql(${JSON.stringify(up)});`, `pgm.sql(${JSON.stringify(down)});`);

/** The files of a migration that creates a table with a column `id`. */
export const createsTable = (number: string, name: string): Files =>
  sqlStep(
    `${number}_${name}`,
    table(name, 'id'),
    `CREATE TABLE ${name} (id integer)`,
    `DROP TABLE ${name}`,
  );

/** The settings file of a project, with these schemas, and the migrations table in `migrationsSchema`. */
export const settingsFile = (schema: readonly string[], migrationsSchema = 'public'): Files => ({
  '.node-pg-migraterc.json': {
    'migrations-dir': 'migrations',
    'migrations-schema': migrationsSchema,
    schema,
  },
});

/**
 * Creates a project with these files, and a database in which only `base` was run, by default on the server
 * of the tests. `run` runs a command and returns its JSON; `start` starts the command in another process.
 */
export async function setUp(files: Files, base = 'SELECT 1', server?: { readonly url: string }) {
  const root = testProject(files); // Before any `await`: see testDatabase.
  const database = await (server ? makeDatabase(server.url) : testDatabase({ base: false }));
  await database.query(base);
  const run = async (line: string, url = database.url) =>
    (await call([...line.split(' '), '--json'], { url, root })).json();
  const start = (line: string, url = database.url) =>
    startIn([...line.split(' '), '--json'], { url, cwd: root });
  /** The names of the tables in `public`, except the migrations table. */
  const tables = async () => {
    const rows = await database.query<{ name: string }>(`SELECT relname AS name FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'pgmigrations' ORDER BY 1`);
    return rows.map(({ name }) => name);
  };
  /** The names in the migrations table. */
  const applied = async () =>
    (await database.query<{ name: string }>('SELECT name FROM pgmigrations ORDER BY id')).map(
      ({ name }) => name,
    );
  return { database, root, run, start, tables, applied };
}
