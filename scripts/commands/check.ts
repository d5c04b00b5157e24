import { withConnection, type Connection } from '../database/connection.js';
import { versionAt } from '../project/version.js';
import type { Result } from '../report/types.js';
import { checkSchema, type SchemaCheck } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';

/** Compares the schema with what is expected at the version that the database claims. Writes nothing. */
export const check = (context: Context): Promise<Result> =>
  withConnection(context, 'run', async (connection) => {
    const first = await checkSchema(connection, context);
    // What differs is read twice: a run may have committed between its parts.
    const last = first.failing.length === 0 ? first : await checkSchema(connection, context);
    const result = resultOf(context, connection, last, 'matches');
    if (context.command !== 'status') return result;
    const appliedOn = new Map(last.rows.map(({ name, run_on }) => [name, run_on]));
    const { migrations } = context.project;
    return {
      ...result,
      migrations: migrations.map(({ name }) => ({ name, appliedOn: appliedOn.get(name) ?? null })),
    };
  });

/** What is known of a database when this many migrations are applied. */
export function knownAt(
  { configuration, project }: Context,
  { serverVersion }: Connection,
  count: number,
) {
  const { host, port, database: name } = configuration;
  const pending = project.migrations.slice(count).map((migration) => migration.name);
  return {
    version: versionAt(project, count),
    pending,
    database: { host, port, name, serverVersion },
  };
}

/** The result of a check. */
export const resultOf = (
  context: Context,
  connection: Connection,
  { count, failing, warnings }: SchemaCheck,
  outcome: 'matches' | 'nothing-to-do',
): Result => {
  const known = knownAt(context, connection, count);
  return { outcome: failing.length === 0 ? outcome : 'differs', ...known, failing, warnings };
};
