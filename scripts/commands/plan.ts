import type pg from 'pg';
import { withConnection, type Connection } from '../database/connection.ts';
import { messageOf, serverFailure, sqlstateOf } from '../database/pg-errors.ts';
import { expectedAt } from '../project/project.ts';
import { between, targetCount, versionAt } from '../project/version.ts';
import { Failure, failure } from '../report/errors.ts';
import type { Result } from '../report/report.ts';
import type { Direction } from '../report/types.ts';
import { at } from '../report/wording.ts';
import { checkSchema } from '../runner/check-schema.ts';
import type { Context } from '../runner/context.ts';
import {
  loadMigrations,
  recordStatement,
  sqlOf,
  type StatementClient,
} from '../runner/framework.ts';
import { RUN_LOCK_KEY } from '../runner/run-lock.ts';
import {
  BEGIN,
  BEGIN_READ,
  isQuery,
  RESET,
  runSettings,
  searchPath,
} from '../runner/session-settings.ts';
import { effectLines } from '../schema/effects.ts';
import { knownAt } from './check.ts';

/** `plan`: the SQL of a run as a script for psql, without the checks. Only reads, and takes no lock. */
export const plan = (context: Context): Promise<Result> =>
  withConnection(context, 'run', async (connection) => {
    const { project, command, direction, argument } = context;
    const { count, hasTable } = await checkSchema(connection, context);
    const target = targetCount(project, count, direction, argument);
    const texts = await textsOf(context, connection, count, target);
    if (command === 'redo') texts.push(...(await textsOf(context, connection, target, count)));
    const output = `${head(context, count)}\n\n${script(context, texts, hasTable)}`;
    return { outcome: 'planned', ...knownAt(context, connection, count), output };
  });

/** The SQL of each migration. Their functions are called, and may read. Their statements are not sent. */
async function textsOf(context: Context, connection: Connection, from: number, to: number) {
  const { project, settings } = context;
  const { query, client } = connection;
  const direction: Direction = from < to ? 'up' : 'down';
  const texts: string[] = [];
  const loaded = await loadMigrations(between(project, direction, from, to), direction);
  await query(`${BEGIN_READ} ${runSettings(context)}`);
  for (const [migration, action] of loaded) {
    const { name, file } = migration;
    const reader = readerFor(client, file);
    const sql = await sqlOf(migration, action, reader).catch((cause: unknown) => {
      if (cause instanceof Failure) throw cause;
      throw failure('migration-failed', [file, messageOf(cause), '', []], { file, cause });
    });
    const step = direction === 'up' ? 1 : -1;
    const count = from + step * texts.length;
    const title = `${direction === 'up' ? '' : 'revert '}${name} (${file})`;
    const { facts } = expectedAt(project, count);
    const lines = [title, ...effectLines(facts, expectedAt(project, count + step).facts)];
    const path = `SET search_path = ${searchPath(settings.schemas)};`;
    const text = [
      ...lines.map((line) => `-- ${line.replaceAll('\n', '\n-- ')}`), // A name may have a line end.
      ...(sql.isInside ? [] : ['-- Outside a transaction', path]),
      // If a statement ends with a comment, the semicolon must be on the next line.
      ...sql.statements.map((one) => (/--[^\n]*$/.test(one) ? `${one}\n;` : one)),
      'RESET SESSION AUTHORIZATION; RESET ROLE;',
      recordStatement(settings, name, direction),
      // The next migration must not see what this one has SET.
      sql.isInside ? runSettings(context).replaceAll('\n', ' ') : RESET,
    ].join('\n');
    texts.push(sql.isInside ? `${text}\n\n` : `COMMIT;\n\n${text}\n\n${begin(context)}`);
  }
  await query('ROLLBACK');
  return texts;
}

/** Sends the queries of a migration, and refuses other statements. */
const readerFor = (client: pg.Client, file: string): StatementClient => ({
  async query(statement, values) {
    const own = typeof statement === 'string' ? { text: statement } : statement;
    const { text } = own;
    if (!isQuery(text)) throw failure('plan-writes', [file, `it sends ${text}`], { file });
    // The extended protocol allows one statement in a text: no COMMIT can follow another statement.
    const config = { values: values as unknown[], ...own, queryMode: 'extended' };
    return await client.query(config).catch((cause: unknown) => {
      const { message } = cause as Error;
      const isWrite = sqlstateOf(cause) === '25006' || message.includes('multiple commands');
      if (isWrite) throw failure('plan-writes', [file, message], { file, cause });
      throw serverFailure(cause) ?? cause;
    });
  },
});

const head = ({ configuration: { database, host, port }, project }: Context, count: number) =>
  `-- What would run on database ${database} at ${host}:${port}, now ${at(versionAt(project, count))}.
-- To run it, without the data-loss guard and the checks:  npm run --silent migrate plan > plan.sql
-- psql -v ON_ERROR_STOP=1 -f plan.sql <URL of the database>
SET client_encoding = 'UTF8';`;

const begin = (context: Context) => `${BEGIN}
${runSettings(context)}
DO $$ BEGIN
  IF NOT pg_try_advisory_xact_lock(${RUN_LOCK_KEY}) THEN RAISE EXCEPTION 'another run holds the run lock'; END IF;
END $$;\n\n`;

/** The script: one transaction, interrupted by each migration that runs outside of it. */
function script(context: Context, texts: readonly string[], hasTable: boolean): string {
  if (texts.length === 0) return '-- Nothing to do.';
  const create = `-- The migrations table
CREATE TABLE ${context.settings.tableName} (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);\n\n`;
  const whole = [begin(context), ...(hasTable ? [] : [create]), ...texts, 'COMMIT;\n\n'].join('');
  return whole.replaceAll(`${begin(context)}COMMIT;\n\n`, '').trim(); // Transactions without a statement.
}
