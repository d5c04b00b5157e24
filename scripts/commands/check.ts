import { withConnection, type Connection } from '../database/connection.ts';
import { versionAt } from '../project/version.ts';
import { failure } from '../report/errors.ts';
import type { Result } from '../report/report.ts';
import { checkSchema, type SchemaCheck } from '../runner/check-schema.ts';
import type { Context } from '../runner/context.ts';
import { withRetries } from '../runner/retries.ts';

/**
 * `check` and `status`: compares the schema with the expected one at the version of the database. Only reads.
 */
export const check = (context: Context): Promise<Result> =>
  withConnection(context, 'run', async (connection) => {
    // At the first lock timeout, the command fails, and names the sessions that hold the lock.
    const once = { ...context, options: { ...context.options, retries: 0 } };
    const seen = await withRetries(once, () => checkSchema(connection, context));
    return await resultOf(context, connection, seen, 'matches');
  });

/** The version, the pending migrations and the database, for a result. */
export function knownAt(context: Context, { serverVersion }: Connection, count: number) {
  const { configuration, project } = context;
  const { host, port, database: name } = configuration;
  const database = { host, port, name, serverVersion };
  const pending = project.migrations.slice(count).map((migration) => migration.name);
  return { version: versionAt(project, count), pending, database };
}

/**
 * The result of a check. If there are differences, it checks again: another run may have committed meanwhile.
 */
export async function resultOf(
  context: Context,
  connection: Connection,
  seen: SchemaCheck,
  outcome: string,
): Promise<Result> {
  const check = seen.failing.length === 0 ? seen : await checkSchema(connection, context);
  const { failing, warnings, count } = check;
  const listed = context.command === 'status' ? { migrations: listOf(context, check) } : {};
  const known = { ...knownAt(context, connection, count), warnings, ...listed };
  if (failing.length === 0) return { outcome, ...known };
  const details = { differences: failing };
  const error = failure('drift', [known.version, failing, known.pending.length > 0], details);
  return { outcome: 'differs', ...known, error };
}

/** All migrations, and when each was applied. */
function listOf({ project }: Context, { rows }: SchemaCheck) {
  const appliedOn = new Map(rows.map(({ name, run_on }) => [name, run_on]));
  return project.migrations.map(({ name }) => ({ name, appliedOn: appliedOn.get(name) ?? null }));
}
