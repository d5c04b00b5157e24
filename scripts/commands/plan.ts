import type { Connection } from '../database/connection.js';
import { sqlstateOf } from '../database/pg-errors.js';
import { factsAt, type Migration } from '../project/project.js';
import { appliedCount, between, targetCount, versionAt } from '../project/version.js';
import { failure } from '../report/errors.js';
import { effectLines } from '../schema/effect-lines.js';
import type { Direction, Result } from '../report/types.js';
import { readStateOf } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';
import {
  appliedQuery,
  loadMigrations,
  recordStatement,
  runMigrations,
} from '../runner/framework.js';
import { RUN_LOCK_KEY } from '../runner/run-lock.js';
import { BEGIN, runSettings, searchPath } from '../runner/session-settings.js';
import { knownAt, refuseUnreadable, withReader } from './result.js';

/** The statements of one migration, in one direction. */
interface Step {
  readonly direction: Direction;
  readonly migration: Migration;
  /** How many migrations are applied without it. */
  readonly count: number;
  readonly statements: readonly string[];
  readonly isInside: boolean;
}

/**
 * Writes the SQL that a run would send, as a script for psql: with its transactions, its settings, the run lock and the
 * rows of the migrations table, but without the checks. Only reads, in read-only transactions, and takes no lock.
 */
export async function plan(context: Context): Promise<Result> {
  const { project, command, argument, direction } = context;
  return await withReader(context, async (connection) => {
    const state = await readStateOf(connection, context);
    refuseUnreadable(context, state);
    const count = appliedCount(project, state.rows);
    const target = targetCount(project, count, command === 'redo' ? 'down' : direction, argument);
    const steps = await stepsOf(
      context,
      connection,
      command === 'redo' ? 'down' : direction,
      count,
      target,
    );
    if (command === 'redo')
      steps.push(...(await stepsOf(context, connection, 'up', target, count)));
    const output = script(context, versionAt(project, count), steps, state.table === undefined);
    return { outcome: 'planned', ...knownAt(context, connection, count), output };
  });
}

/** Lets the framework run only the functions of the migrations: what they look up is looked up, nothing else is sent. */
async function stepsOf(
  context: Context,
  connection: Connection,
  direction: Direction,
  from: number,
  to: number,
): Promise<Step[]> {
  const { project, settings, signal } = context;
  const migrations = between(project, from, to);
  const applied = project.migrations.slice(0, from).map(({ name }) => ({ name }));
  const steps: Step[] = [];
  let current: Migration | undefined;
  const client = {
    async query(statement: string | { text: string }, values?: readonly unknown[]) {
      signal.throwIfAborted();
      const sql = typeof statement === 'string' ? statement : statement.text;
      if (/^(BEGIN|COMMIT|ROLLBACK)\b/.test(sql)) return undefined;
      if (/^SELECT (table_name|constraint_name) FROM information_schema\./.test(sql))
        return { rows: [{}] };
      if (sql === appliedQuery(settings)) return { rows: applied };
      return await connection.client
        .query(statement as string, values as unknown[])
        .catch((cause: unknown) => {
          const file = current?.file ?? '';
          if (sqlstateOf(cause) !== '25006') throw cause;
          throw failure('usage', 'plan-writes', [file, (cause as Error).message], { file, cause });
        });
    },
    starts: (migration: Migration) => (current = migration),
    sends(isInside: boolean, statements: readonly string[]) {
      const count = direction === 'up' ? from + steps.length : from - steps.length - 1;
      if (current !== undefined)
        steps.push({ direction, migration: current, count, statements, isInside });
    },
  };
  const loaded = await loadMigrations(migrations, direction);
  await connection.query(
    `BEGIN READ ONLY; SET LOCAL search_path = ${searchPath(settings.schemas)}`,
  );
  await runMigrations(settings, client, loaded, direction, true).finally(() =>
    connection.query('ROLLBACK'),
  );
  return steps;
}

function script(
  context: Context,
  version: string | null,
  steps: readonly Step[],
  createsTable: boolean,
): string {
  const { configuration, settings, project } = context;
  const { database, host, port } = configuration;
  const head = `-- What would run on database ${database} at ${host}:${port}, now ${version === null ? 'before the first migration' : `at ${version}`}.
-- "psql -v ON_ERROR_STOP=1 -f <this file>" does the same, but for the data-loss guard and the check before each COMMIT.`;
  if (steps.length === 0) return `${head}\n-- Nothing to do.`;
  const lock = `DO $$ BEGIN
  IF NOT pg_try_advisory_xact_lock(${RUN_LOCK_KEY}) THEN RAISE EXCEPTION 'another run holds the run lock'; END IF;
END $$;`;
  const begin = `${BEGIN}\n${runSettings(context)}\n${lock}`;
  const blocks: { readonly isInside: boolean; readonly texts: string[] }[] = [];
  const table = `CREATE TABLE ${settings.quotedTable} (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);`;
  if (createsTable) blocks.push({ isInside: true, texts: [`-- The migrations table\n${table}`] });
  for (const { direction, migration, count, statements, isInside } of steps) {
    const title = `${direction === 'up' ? '' : 'revert '}${migration.name} (${migration.file})`;
    const words = effectLines(factsAt(project, count), migration.effect, direction);
    const text = [
      ...[title, ...words].map((line) => `-- ${line}`),
      ...(isInside ? [] : ['-- Outside a transaction']),
      // A statement that ends in a comment has its semicolon in the comment.
      ...statements.map((statement) =>
        /--[^\n]*$/.test(statement) ? `${statement}\n;` : statement,
      ),
      recordStatement(settings, migration.name, direction),
    ].join('\n');
    const last = blocks.at(-1);
    if (isInside && last?.isInside === true) last.texts.push(text);
    else blocks.push({ isInside, texts: [text] });
  }
  const sections = blocks.map(({ isInside, texts }) =>
    (isInside ? [begin, ...texts, 'COMMIT;'] : texts).join('\n\n'),
  );
  return [head, ...sections].join('\n\n');
}
