import { call } from '../support/call.js';
import { testProject, type Files } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';

/** What an effect says of a column of a table, and of a table. */
export const table = (name: string, ...columns: string[]) => ({
  [name]: { table: '', ...Object.fromEntries(columns.map((column) => [`column ${column}`, 'integer NULL'])) },
});

/** The text of a migration whose functions are asynchronous. */
export const actions = (up: string, down = '') =>
  `export async function up(pgm) { ${up} }\nexport async function down(pgm) { ${down} }\n`;

/** A project of these files, and a database for it with nothing but `base`; `run` gives the JSON of a command line. */
export async function stage(files: Files, base = 'SELECT 1') {
  const database = await testDatabase({ base: false });
  await database.query(base);
  const root = testProject(files);
  const run = async (line: string) => (await call([...line.split(' '), '--json'], { url: database.url, root })).json();
  return { database, root, run };
}
