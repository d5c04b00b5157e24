import type { DatabaseError } from 'pg';
import { withConnection, type Connection } from '../database/connection.ts';
import { serverFailure, sqlstateOf } from '../database/pg-errors.ts';
import { migrationsToRun, targetCount, versionAt } from '../project/version.ts';
import { Failure, failure } from '../report/errors.ts';
import type { Result } from '../report/report.ts';
import { atVersion, placeOf, RUN } from '../report/wording.ts';
import { checkWithRetries } from '../runner/check-schema.ts';
import type { Connected, Context } from '../runner/context.ts';
import { migrationFailure } from '../runner/migration-errors.ts';
import { loadMigrations, recordStatement, sqlOf, tableStatement } from '../runner/framework.ts';
import { RUN_LOCK_KEY } from '../runner/run-lock.ts';
import { BEGIN, READ_ONLY, runSettings } from '../runner/session-settings.ts';
import { isQuery } from '../runner/sql-text.ts';
import { effectLines, expectedAt } from '../schema/effects.ts';
import { versionDetails } from './check.ts';

/** `plan`: returns the SQL of a run, but not its checks, as a script for psql. Takes no run lock. */
export const plan = (context: Context): Promise<Result> =>
  withConnection(context, 'run', async (connected) => {
    const { project, command, direction, argument, settings } = context;
    const { count, hasTable } = await checkWithRetries(connected);
    const target = targetCount(project, count, direction, argument);
    const sections = await sectionsBetween(connected, count, target);
    if (command === 'redo' && target < count) {
      const again = await sectionsBetween(connected, target, count);
      sections.push(`COMMIT;\n${begin(context)}`, ...again);
    }
    const table = hasTable ? [] : [`-- The migrations table\n${tableStatement(settings)}`];
    const script = [begin(context), ...table, ...sections, 'COMMIT;'];
    const parts = sections.length > 0 ? script : ['-- Nothing to do.'];
    const output = [head(context, count), ...parts].join('\n\n');
    return { outcome: 'planned', ...versionDetails(connected, count), output };
  });

/** Calls `up` or `down` of each migration for its SQL. Sends only queries that these functions make. */
async function sectionsBetween(connected: Connected, from: number, to: number) {
  const { connection, project, settings } = connected;
  const direction = from < to ? 'up' : 'down';
  const loaded = await loadMigrations(migrationsToRun(project, direction, from, to), direction);
  const sections: string[] = [];
  let count = from;
  await connection.query(`BEGIN; ${READ_ONLY} ${runSettings(connected)}`);
  for (const [{ name, file }, action] of loaded) {
    const planned = sqlOf(file, action, queriesOnly(connection, file));
    const { statements, isInside } = await planned.catch((cause: unknown) => {
      throw cause instanceof Failure ? cause : migrationFailure(file, cause);
    });
    const before = expectedAt(project, count).facts;
    count += direction === 'up' ? 1 : -1;
    const changes = effectLines(before, expectedAt(project, count).facts);
    const title = `${direction === 'up' ? '' : 'revert '}${name} (${file})`;
    const heading = isInside ? title : `${title}, outside a transaction`;
    // If a statement ends with a comment, the framework's semicolon is in the comment: write another one.
    const body = statements.map((sql) => (/--[^\n]*$/.test(sql) ? `${sql}\n;` : sql));
    // Undo the settings of this migration before the migration is recorded, and before the next one runs.
    const inside = [...body, runSettings(connected).replaceAll('\n', ' ')];
    const setPath = `SET search_path = ${settings.searchPath};`;
    const outside = ['COMMIT;', setPath, ...body, begin(connected)];
    const sql = [...(isInside ? inside : outside), recordStatement(settings, name, direction)];
    sections.push([...[heading, ...changes].map(comment), ...sql].join('\n'));
  }
  await connection.query('ROLLBACK');
  connected.signal.throwIfAborted(); // An uncaught error aborts the command: statements may be missing.
  return sections;
}

/** Makes an SQL comment of each line: a name or a definition may have several. CR, too, ends a comment. */
const comment = (text: string) => `-- ${text.replaceAll(/[\r\n]+/g, '\n-- ')}`;

const begin = (context: Context) => `${BEGIN}
${runSettings(context)}
DO $$ BEGIN IF NOT pg_try_advisory_xact_lock(${RUN_LOCK_KEY}) THEN
  RAISE EXCEPTION 'another run holds the run lock'; END IF; END $$;`;

const head = ({ configuration: { database, host, port }, project }: Context, count: number) =>
  `${comment(`What would run on ${placeOf(database, host, port)}, now ${atVersion(versionAt(project, count))}.`)}
-- psql can run this script once, without the checks and the data-loss guard. Write it to a file
-- (${RUN.replace('run', 'run --silent')} … > plan.sql), and then:
-- psql -v ON_ERROR_STOP=1 -f plan.sql <URL of the database>
SET client_encoding = 'UTF8';`;

/** Returns the function that `plan` gives to a migration: it sends queries, and refuses other statements. */
const queriesOnly =
  ({ send }: Connection, file: string): typeof send =>
  async (statement, values) => {
    const config = typeof statement === 'string' ? { text: statement } : statement;
    const refusal = (reason: string, cause?: unknown) =>
      failure('plan-writes', [file, reason], { file, cause });
    if (!isQuery(config.text)) throw refusal(`it sends ${config.text}`);
    // The extended protocol refuses a text of several statements, such as `SELECT 1; COMMIT`.
    const query = Object.create(config, { queryMode: { value: 'extended' } }) as typeof config;
    return await send(query, values).catch((cause: unknown) => {
      const { message, routine } = cause as DatabaseError;
      const sqlstate = sqlstateOf(cause);
      // A server may translate its messages. The name of this routine stays the same.
      const isSeveral = sqlstate === '42601' && routine === 'exec_parse_message';
      if (isSeveral || sqlstate === '25006') throw refusal(message, cause);
      throw serverFailure(cause, file) ?? cause;
    });
  };
