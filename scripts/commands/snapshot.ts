import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { withConnection } from '../database/connection.ts';
import { errorLine, messageOf } from '../database/pg-errors.ts';
import { readFile, writeFile } from '../project/files.ts';
import { PREREQUISITES } from '../project/project.ts';
import { diagram } from '../report/diagram.ts';
import { Failure, failure } from '../report/errors.ts';
import type { Result } from '../report/report.ts';
import { factsFrom } from '../runner/check-schema.ts';
import type { Connected, Context } from '../runner/context.ts';
import { migrationFailure } from '../runner/migration-errors.ts';
import { loadMigrations, sqlOf, tableStatement, type Action } from '../runner/framework.ts';
import { BEGIN, RESET, runSettings } from '../runner/session-settings.ts';
import { allObjects, factsQuery, READ_SETTINGS } from '../schema/catalog.ts';
import { compare } from '../schema/compare.ts';
import type { Effect } from '../schema/effects.ts';
import { completePrerequisites, effectBetween, expectedAt, merge } from '../schema/effects.ts';

/**
 * `snapshot`: runs the migrations on a scratch database that has the base schema, and writes to each effect
 * file what its migration changed. Adds to the prerequisites what the migrations changed in the base schema.
 * Roles and other server-wide objects that migrations create remain.
 */
export async function snapshot(context: Context): Promise<Result> {
  const { effectsDir, root } = context.settings;
  const last = context.project.migrations.at(-1)?.name ?? PREREQUISITES;
  const effects = await withScratchDatabase(context, findEffects);
  context.signal.throwIfAborted(); // An uncaught error aborts the command: effects may be wrong.
  const changed: string[] = [];
  const write = (name: string, text: string) => {
    const file = join(effectsDir, name);
    if (existsSync(resolve(root, file)) && readFile(root, file) === text) return;
    writeFile(root, file, text);
    changed.push(file);
  };
  for (const [name, effect] of effects)
    write(`${name}.json`, `${JSON.stringify(effect, null, 2)}\n`);
  write('README.md', diagram(last, merge([...effects.values()])));
  return { outcome: 'applied', output: changed.join('\n') };
}

/** Creates an empty database on the same server, runs `use` with a connection to it, and drops it. */
async function withScratchDatabase<T>(context: Context, use: (scratch: Connected) => Promise<T>) {
  const database = `migrate_snapshot_${randomBytes(6).toString('hex')}`;
  const scratch = { ...context, configuration: { ...context.configuration, database } };
  const send = (on: Context, sql: string) =>
    withConnection(on, 'run', ({ connection }) => connection.query(sql));
  await send(context, `CREATE DATABASE ${database} TEMPLATE template0`);
  try {
    return await withConnection(scratch, 'run', use);
  } finally {
    // Nothing aborts this new signal, so the scratch database is dropped even if the command was stopped.
    const unstoppable = { ...context, signal: new AbortController().signal };
    const drop = `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`;
    await send(unstoppable, drop).catch((error: unknown) => {
      context.tell(`database ${database} could not be dropped: ${messageOf(error)}`);
    });
  }
}

/** Runs the migrations one after the other. Returns their effects, and the prerequisites. */
async function findEffects(connected: Connected) {
  const { project } = connected;
  const loaded = await loadMigrations(project.migrations, 'up');
  const base = await loadBaseSchema(connected);
  const effects = new Map<string, Effect>();
  let before = base;
  for (const [migration, action] of loaded) {
    await runMigration(connected, migration.file, action);
    const after = await readAll(connected);
    // The effect also names a function that the migration replaced by an equal one, so that it is compared.
    const replaced = effectBetween(before.xmins, after.xmins);
    const notReplaced = new Map([...before.facts].filter(([object]) => !replaced[object]));
    effects.set(migration.name, effectBetween(notReplaced, after.facts));
    before = after;
  }
  const changes = [...effects.values()];
  const prerequisites = completePrerequisites(project.prerequisites, base.facts, changes);
  return new Map([[PREREQUISITES, prerequisites], ...effects]);
}

/** Runs a migration and commits it, with the settings of a run, but without a check. */
async function runMigration(connected: Connected, file: string, action: Action) {
  const { connection, settings } = connected;
  await connection.query(`${BEGIN} ${runSettings(connected)}`);
  let left: Promise<unknown> | undefined;
  /** Ends the transaction before the first statement outside it. Later calls send nothing. */
  const leave = () =>
    (left ??= connection.query(`COMMIT; SET search_path = ${settings.searchPath}`));
  let sql: string | undefined; // The statement that was sent last, for the failure.
  try {
    const { statements, isInside } = await sqlOf(file, action, connection.send, leave);
    if (!isInside) await leave();
    // If the transaction has failed, the settings fail, as in a run. COMMIT would only roll back.
    const last = isInside ? [runSettings(connected), 'COMMIT'] : [];
    for (sql of [...statements, ...last]) await connection.send(sql);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const note =
      'It ran on a scratch database, with only test/fixtures/base-schema.sql and the migrations before it. No file was changed.';
    throw migrationFailure(file, cause, { sql, note });
  }
}

/**
 * Loads the base schema, and returns what it contains. Skips the backslash commands that pg_dump writes since
 * 2025, because only psql knows them. Refuses a base schema in which a prerequisite has another definition. A
 * prerequisite may be missing there.
 */
async function loadBaseSchema(connected: Connected) {
  const { connection, project, settings } = connected;
  const { root, migrationsSchema } = settings;
  const file = 'test/fixtures/base-schema.sql';
  const sql = existsSync(join(root, file)) ? readFile(root, file).replaceAll(/^\\.*$/gm, '') : '';
  const createSchema = `CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(migrationsSchema)}`;
  const createTable = `${createSchema}; ${tableStatement(settings)}`;
  await connection.query(`${sql}\n; ${RESET} ${createTable}`).catch((cause: unknown) => {
    const line = errorLine(cause, sql);
    const place = line === undefined ? file : `${file}:${line}`;
    throw failure('base-schema', [place, messageOf(cause)], { file, cause });
  });
  const base = await readAll(connected);
  const { failing } = await compare(expectedAt(project, 0), base.facts);
  const wrong = failing.find(({ found }) => found !== null);
  if (!wrong) return base;
  const { object, expected, found } = wrong;
  const reason = `${object} is ${found}, where ${PREREQUISITES}.json has ${expected ?? 'nothing'}`;
  throw failure('bad-file', [file, reason], { file });
}

/** Reads all facts, and the `xmin` of each function, which a replacement changes. Drops temporary tables. */
async function readAll({ connection, settings }: Connected) {
  const facts = factsQuery(allObjects(settings.tableName));
  const xmins = `SELECT 'function ' || oid::regprocedure AS object, '' AS part, xmin AS definition
    FROM pg_proc`;
  const results = await connection.query(`${RESET} ${READ_SETTINGS} ${facts}; ${xmins}`);
  return { facts: factsFrom(results.at(-2)), xmins: factsFrom(results.at(-1)) };
}
