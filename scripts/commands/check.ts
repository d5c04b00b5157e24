import { withConnection } from '../database/connection.ts';
import { versionAt } from '../project/version.ts';
import { failure } from '../report/errors.ts';
import type { Result, Success } from '../report/report.ts';
import { checkWithRetries, type SchemaCheck } from '../runner/check-schema.ts';
import type { Connected, Context } from '../runner/context.ts';

/** `check` and `status`: compare the schema of the database with the expected one. They write nothing. */
export const check = (context: Context): Promise<Result> =>
  withConnection(context, 'run', async (connected) => {
    return await resultOfCheck(connected, await checkWithRetries(connected), 'matches');
  });

/** The database, and its version and pending migrations if `count` are applied, as fields of a result. */
export function versionDetails({ configuration, connection, project }: Connected, count: number) {
  const { host, port, database: name } = configuration;
  const database = { host, port, name, serverVersion: connection.serverVersion };
  const pending = project.migrations.slice(count).map((migration) => migration.name);
  return { version: versionAt(project, count), pending, database };
}

/**
 * Makes a result from the check `first` or, if the schema differs there, from a second check. `pg_get_*def`
 * ignores the snapshot, so `first` may mix old and new definitions if another run committed meanwhile.
 */
export async function resultOfCheck(connected: Connected, first: SchemaCheck, outcome: Success) {
  const check = first.failing.length > 0 ? await checkWithRetries(connected) : first;
  const { failing, warnings, count, rows } = check;
  const times = new Map(rows.map(({ name, run_on }) => [name, run_on]));
  const migrations = connected.project.migrations.map(({ name }) => {
    return { name, appliedOn: times.get(name) ?? null };
  });
  const listed = connected.command === 'status' ? { migrations } : {};
  const all = { ...versionDetails(connected, count), warnings, ...listed };
  if (failing.length === 0) return { outcome, ...all };
  const error = failure('drift', [all.version], { differences: failing });
  return { outcome: error.outcome, ...all, error };
}
