import type { DatabaseError } from 'pg';
import { errorLine, isRetryable, messageOf, sqlstateOf } from '../database/pg-errors.ts';
import type { Migration } from '../project/project.ts';
import { Failure, failure } from '../report/errors.ts';
import { rowsHint, rowsQuery } from '../report/hints.ts';
import { DRIFT_NOTE } from '../report/wording.ts';
import { compare, shown } from '../schema/compare.ts';
import { expectedAt, partsOf, title } from '../schema/effects.ts';
import type { Attempt } from './context.ts';
import type { FailedStep, FrameworkClient } from './framework-client.ts';

/**
 * Makes the Failure for an error of a run. Returns a lock timeout or a deadlock as it is, only with the file
 * in its message, because the caller tries again.
 */
export async function translateError(client: FrameworkClient, failed: FailedStep) {
  const { attempt } = client;
  const { error, sql } = failed;
  const { file } = failed.migration;
  if (error instanceof Failure && error.outcome !== 'usage') return error;
  // The migrations table now contradicts the files. When the attempt began, it did not.
  if (error instanceof Failure) return failure('table-changed', [error.message], { cause: error });
  if (isRetryable(error)) {
    const place = sql === undefined ? '' : `, in ${file}`;
    const message = { value: `${messageOf(error)}${place}` };
    return Object.create(error as Error, { message }) as unknown; // A migration may have frozen the error.
  }
  // Ask the server: the error may be that of a connection of the migration's own, to another server.
  if (!(await attempt.connection.isAlive()))
    return failure('connection-lost', [messageOf(error)], { cause: error });
  const differences = await conflicts(client, failed);
  const details = { file, cause: error, differences };
  if (differences.length > 0) return failure('in-the-way', [file, messageOf(error)], details);
  // What ran outside a transaction may have caused the difference, in an earlier attempt of this run.
  const isDrifted = client.initialCheck.failing.length > 0 && !attempt.progress.wroteOutside;
  const note = isDrifted ? DRIFT_NOTE : undefined;
  const advice = await hintForViolation(attempt, failed);
  return migrationFailure(file, error, { sql, note, advice });
}

type Extras = Readonly<Partial<Record<'sql' | 'note' | 'advice', string | undefined>>>;

/** Makes the failure of a migration. The message ends with `note`. `advice` replaces the usual hint. */
export function migrationFailure(file: string, cause: unknown, extras: Extras = {}) {
  const { note, advice, sql: all = '' } = extras;
  const { detail, hint, where } = Object(cause) as Partial<DatabaseError>;
  // The message shows the first lines only. If the error is further down, begin 8 lines before it.
  const skipped = (errorLine(cause, all) ?? 0) - 9;
  const sql = skipped > 0 ? ['…', ...all.split('\n').slice(skipped)].join('\n') : all;
  const more = [detail, hint, where, note].filter((line) => line !== undefined);
  const sqlstate = sqlstateOf(cause);
  const message = messageOf(cause);
  return failure('migration-failed', [file, message, sqlstate, more, sql, advice], { file, cause });
}

/** The hint if a statement that adds or validates a constraint failed because rows violate the constraint. */
async function hintForViolation(attempt: Attempt, { error, migration, sql = '' }: FailedStep) {
  const { schema = '', table = '', constraint = '' } = Object(error) as Partial<DatabaseError>;
  const { facts } = expectedAfter(attempt, migration);
  // In the fields of an error, names are not quoted. In facts, names are quoted if SQL needs that.
  const find = <T>(quoted: ReadonlyMap<string, T>, name: string) =>
    [...quoted].find(([key]) => key.replaceAll(/"("?)/g, '$1') === name) ?? [];
  const [object = '', parts = new Map<string, string>()] = find(facts, `${schema}.${table}`);
  const [, definition = ''] = find(parts, `constraint ${constraint}`);
  const query = rowsQuery(object, definition);
  if (query === undefined || !/\bALTER\s+TABLE\b/i.test(sql)) return undefined;
  // What the migrations created is rolled back. If the query reads it, EXPLAIN fails: show the usual hint.
  const trial = attempt.connection.query(`SET LOCAL lock_timeout = '1s'; EXPLAIN ${query}`);
  return await trial.then(() => rowsHint(query)).catch(() => undefined);
}

/** What is expected after a migration of the run. */
function expectedAfter({ direction, project }: Attempt, migration: Migration) {
  const index = project.migrations.indexOf(migration);
  return expectedAt(project, direction === 'up' ? index + 1 : index);
}

/**
 * Finds a frequent cause of failures: something that the migrations up to the failed one create was there
 * before the run, with another definition. If PostgreSQL says that an object exists already, cannot be
 * replaced, or lacks the key that a foreign key needs, this considers all objects. Otherwise, it considers
 * only columns, domains, extensions, tables, types and views: if an object of another kind was there, a
 * migration usually has replaced it.
 */
async function conflicts(client: FrameworkClient, { error, migration }: FailedStep) {
  const sqlstate = sqlstateOf(error);
  const { routine = '' } = Object(error) as Partial<DatabaseError>;
  // True for a foreign key to a DEFERRABLE key, and for a function in the place of a procedure. Their codes,
  // 55000 and 42809, are also those of many other errors.
  const isConflict = /^(transformFkeyCheckAttrs|ProcedureCreate)$/.test(routine);
  // Classes 22 (wrong data), 23 (a constraint) and 42 (a wrong name or type), but not 42501 (a privilege).
  if (!isConflict && !/^(22|23|42(?!501))/.test(sqlstate)) return [];
  const isDuplicate = isConflict || /^42(P07|P13|701|710|723|830)$/.test(sqlstate);
  const considered = isDuplicate ? /./ : /^(column|domain|extension|type|[a-z ]*(table|view)) /;
  const { count, facts } = client.initialCheck;
  const known = [...expectedAt(client.attempt.project, count).facts].flatMap(([object, parts]) =>
    [...parts.keys()].map((part) => title(object, part)),
  );
  const expected = expectedAfter(client.attempt, migration);
  // What an effect defines was no conflict, even if the effect of a later migration changes or removes it.
  const patches = expected.applied.flatMap((effect) => Object.entries(effect));
  const defined = patches.flatMap(([object, patch]) =>
    partsOf(patch).map(([part, text]) => `${title(object, part)} ${shown(part, text)}`),
  );
  const { failing } = await compare(expected, facts);
  return failing.filter(({ object, found }) => {
    const isNew = !known.includes(object) && !defined.includes(`${object} ${found}`);
    return found !== null && isNew && considered.test(object);
  });
}
