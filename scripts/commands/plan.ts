import { withConnection, type Connection, type Statement } from '../database/connection.ts';
import { serverFailure, sqlstateOf } from '../database/pg-errors.ts';
import { expectedAt, type Migration } from '../project/project.ts';
import { migrationsBetween, targetCount, versionAt } from '../project/version.ts';
import { Failure, failure } from '../report/errors.ts';
import type { Result } from '../report/report.ts';
import type { Direction } from '../report/types.ts';
import { atVersion } from '../report/wording.ts';
import { checkSchema } from '../runner/check-schema.ts';
import type { Context } from '../runner/context.ts';
import { migrationFailure } from '../runner/explain.ts';
import { loadMigrations, recordStatement, sqlOf } from '../runner/framework.ts';
import { RUN_LOCK_KEY } from '../runner/run-lock.ts';
import { BEGIN, BEGIN_READ, isQuery, RESET, runSettings } from '../runner/session-settings.ts';
import { withRetries } from '../runner/table-locks.ts';
import { effectLines } from '../schema/effects.ts';
import { versionDetails } from './check.ts';

/** `plan`: prints the SQL of a run as a script for psql, without the checks. Only reads, takes no lock. */
export const plan = (context: Context): Promise<Result> =>
  withConnection(context, 'run', async (connection) => {
    const { project, command, direction, argument } = context;
    const { count, hasTable } = await withRetries(context, () => checkSchema(connection, context));
    const target = targetCount(project, count, direction, argument);
    const texts = await textsBetween(context, connection, count, target);
    if (command === 'redo') texts.push(...(await textsBetween(context, connection, target, count)));
    const output = `${head(context, count)}\n\n${script(context, texts, hasTable)}`;
    return { outcome: 'planned', ...versionDetails(context, connection, count), output };
  });

/** Returns the SQL of each migration. Calls their functions, which may read, but sends no statement. */
async function textsBetween(context: Context, connection: Connection, from: number, to: number) {
  const direction: Direction = from < to ? 'up' : 'down';
  const migrations = migrationsBetween(context.project, direction, from, to);
  const loaded = await loadMigrations(migrations, direction);
  const texts: string[] = [];
  await connection.query(`${BEGIN_READ} ${runSettings(context)}`);
  for (const [migration, action] of loaded) {
    const { file } = migration;
    const reader = readerFor(connection, file);
    const sql = await sqlOf(migration, action, reader).catch((cause: unknown) => {
      throw cause instanceof Failure ? cause : migrationFailure(file, cause);
    });
    const count = direction === 'up' ? from + texts.length : from - texts.length;
    texts.push(migrationText(context, migration, direction, count, sql));
  }
  await connection.query('ROLLBACK');
  return texts;
}

/** The SQL of one migration, below comments that describe it. `count` migrations are applied before it. */
function migrationText(
  context: Context,
  { name, file }: Migration,
  direction: Direction,
  count: number,
  { statements, isInside }: Awaited<ReturnType<typeof sqlOf>>,
): string {
  const { project, settings } = context;
  const title = `${direction === 'up' ? '' : 'revert '}${name} (${file})`;
  const after = expectedAt(project, direction === 'up' ? count + 1 : count - 1);
  const comments = [title, ...effectLines(expectedAt(project, count).facts, after.facts)];
  const setPath = `SET search_path = ${settings.searchPath};`;
  const text = [
    ...comments.map((line) => `-- ${line.replaceAll('\n', '\n-- ')}`), // A name may have a line end.
    ...(isInside ? [] : ['-- Outside a transaction', setPath]),
    // If a statement ends with a comment, the semicolon must be on the next line.
    ...statements.map((sql) => (/--[^\n]*$/.test(sql) ? `${sql}\n;` : sql)),
    // The record, and the next migration, must not see what this one has SET.
    isInside ? runSettings(context).replaceAll('\n', ' ') : RESET,
    recordStatement(settings, name, direction),
  ].join('\n');
  return isInside ? `${text}\n\n` : `COMMIT;\n\n${text}\n\n${begin(context)}`;
}

/** Sends queries that the function of a migration makes, and refuses its other statements. */
const readerFor = ({ client }: Connection, file: string) => ({
  async query(statement: Statement, values?: readonly unknown[]) {
    const given = typeof statement === 'string' ? { text: statement } : statement;
    if (!isQuery(given.text))
      throw failure('plan-writes', [file, `it sends ${given.text}`], { file });
    // The extended protocol refuses a text of several statements, such as `SELECT 1; COMMIT`.
    const config = { values: values as unknown[], ...given, queryMode: 'extended' };
    return await client.query(config).catch((cause: unknown) => {
      const { message } = cause as Error;
      const isRefused = sqlstateOf(cause) === '25006' || message.includes('multiple commands');
      if (isRefused) throw failure('plan-writes', [file, message], { file, cause });
      throw serverFailure(cause, file) ?? cause;
    });
  },
});

const head = ({ configuration: { database, host, port }, project }: Context, count: number) =>
  `-- What would run on database ${database} at ${host}:${port}, now ${atVersion(versionAt(project, count))}.
-- To run it, without the data-loss guard and the checks, save all of this as plan.sql:
-- psql -v ON_ERROR_STOP=1 -f plan.sql <URL of the database>
SET client_encoding = 'UTF8';`;

const begin = (context: Context) => `${BEGIN}
${runSettings(context)}
DO $$ BEGIN
  IF NOT pg_try_advisory_xact_lock(${RUN_LOCK_KEY}) THEN RAISE EXCEPTION 'another run holds the run lock'; END IF;
END $$;\n\n`;

/** One transaction; each migration outside a transaction ends it, and begins another one after itself. */
function script(context: Context, texts: readonly string[], hasTable: boolean): string {
  if (texts.length === 0) return '-- Nothing to do.';
  const create = `-- The migrations table
CREATE TABLE ${context.settings.tableName} (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);\n\n`;
  const whole = [begin(context), ...(hasTable ? [] : [create]), ...texts, 'COMMIT;\n\n'].join('');
  const emptyTransaction = `${begin(context)}COMMIT;\n\n`;
  return whole.replaceAll(emptyTransaction, '').trim();
}
