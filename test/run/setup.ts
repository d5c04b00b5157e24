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

/** A migration as files: its name, its effect, and what its functions do with `pgm`. */
export const step = (name: string, effect: object, up: string, down = ''): Files => ({
  [`migrations/${name}.ts`]: `export async function up(pgm) { ${up} }\nexport async function down(pgm) { ${down} }\n`,
  [`migrations/schema/${name}.json`]: effect,
});

/** A migration that runs SQL. */
export const sqlStep = (name: string, effect: object, up: string, down = ''): Files =>
  step(name, effect, `pgm.sql(${JSON.stringify(up)});`, `pgm.sql(${JSON.stringify(down)});`);

/** A migration that creates a table with a column `id`. */
export const createsTable = (number: string, name: string): Files =>
  sqlStep(
    `${number}_${name}`,
    table(name, 'id'),
    `CREATE TABLE ${name} (id integer)`,
    `DROP TABLE ${name}`,
  );

/** The settings file of a project, for these schemas and a migrations table in `migrationsSchema`. */
export const settingsFile = (schema: readonly string[], migrationsSchema = 'public'): Files => ({
  '.node-pg-migraterc.json': {
    'migrations-dir': 'migrations',
    'migrations-schema': migrationsSchema,
    schema,
  },
});

/**
 * A project of these files, and a database that holds nothing but `base`. `run` gives the JSON of a command line; `start`
 * runs it in a process of its own. With a `server`, the database is there: the server is removed with all it holds.
 */
export async function setUp(files: Files, base = 'SELECT 1', server?: { readonly url: string }) {
  const root = testProject(files); // Before anything is awaited, as concurrent tests need it.
  const database = await (server ? makeDatabase(server.url) : testDatabase({ base: false }));
  await database.query(base);
  const run = async (line: string, url = database.url) =>
    (await call([...line.split(' '), '--json'], { url, root })).json();
  const start = (line: string, url = database.url) =>
    startIn([...line.split(' '), '--json'], { url, cwd: root });
  /** Names of the tables in `public`, but for the migrations table. */
  const tables = async () => {
    const rows = await database.query<{ name: string }>(`SELECT relname AS name FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'pgmigrations' ORDER BY 1`);
    return rows.map(({ name }) => name);
  };
  /** Names in the migrations table. */
  const applied = async () =>
    (await database.query<{ name: string }>('SELECT name FROM pgmigrations ORDER BY id')).map(
      ({ name }) => name,
    );
  return { database, root, run, start, tables, applied };
}
