import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { withConnection, type Connection } from '../database/connection.ts';
import { readFile, writeFile } from '../project/files.ts';
import { expectedAt, PREREQUISITES } from '../project/project.ts';
import { diagram } from '../report/diagram.ts';
import { failure } from '../report/errors.ts';
import type { Result } from '../report/report.ts';
import { factsFrom } from '../runner/check-schema.ts';
import type { Context } from '../runner/context.ts';
import { migrationFailure } from '../runner/explain.ts';
import { loadMigrations, runMigrations } from '../runner/framework.ts';
import { RESET, runSettings } from '../runner/session-settings.ts';
import { allObjects, factsQuery, READ_SETTINGS } from '../schema/catalog.ts';
import { compare } from '../schema/compare.ts';
import {
  effectBetween,
  isConstraint,
  isTriggerFunction,
  merge,
  partsOf,
  type Effect,
  type Facts,
} from '../schema/effects.ts';

/**
 * `snapshot`: runs the migrations on a scratch database that has the base schema, and writes to each effect
 * file what its migration changed. Roles and other objects of the whole server stay after that.
 */
export async function snapshot(context: Context): Promise<Result> {
  const { effectsDir, root } = context.settings;
  const last = context.project.migrations.at(-1)?.name ?? PREREQUISITES;
  const effects = await withScratchDatabase(context, (connection) =>
    takeEffects(context, connection),
  );
  const files = new Map(
    [...effects].map(([name, effect]) => [`${name}.json`, `${JSON.stringify(effect, null, 2)}\n`]),
  );
  files.set('README.md', diagram(last, merge([...effects.values()])));
  const changed = [...files].flatMap(([name, text]) => {
    const file = join(effectsDir, name);
    const path = resolve(root, file);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) return [];
    writeFile(root, file, text);
    return [file];
  });
  return { outcome: 'applied', output: changed.join('\n') };
}

/** Creates an empty database on the same server, runs `use` with a connection to it, and drops it. */
async function withScratchDatabase<T>(
  context: Context,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const database = `migrate_snapshot_${randomBytes(6).toString('hex')}`;
  const configuration = { ...context.configuration, database };
  await withConnection(context, 'run', ({ query }) =>
    query(`CREATE DATABASE ${database} TEMPLATE template0`),
  );
  try {
    return await withConnection({ ...context, configuration }, 'run', use);
  } finally {
    // With a signal that nothing aborts: the scratch database is dropped even if the command is stopped.
    const unstoppable = { ...context, signal: new AbortController().signal };
    const drop = `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`;
    await withConnection(unstoppable, 'run', ({ query }) => query(drop)).catch((error: unknown) => {
      context.tell(`database ${database} could not be dropped: ${(error as Error).message}`);
    });
  }
}

/** Runs the migrations one after the other. Returns their effects, and the prerequisites. */
async function takeEffects(context: Context, connection: Connection) {
  const { query, client } = connection;
  const loaded = await loadMigrations(context.project.migrations, 'up');
  await loadBaseSchema(context, connection);
  const base = await readAll(context, connection);
  await refuseContradictions(context, base.facts);
  const effects = new Map<string, Effect>();
  let before = base;
  for (const [migration, action] of loaded) {
    // A migration may run outside a transaction, where SET LOCAL has no effect.
    await query(runSettings(context).replaceAll('SET LOCAL', 'SET'));
    const one = new Map([[migration, action]]);
    await runMigrations(context.settings, client, one, 'up').catch((cause: unknown) => {
      const note = 'It ran on a scratch database, which is dropped. No file was changed.';
      throw migrationFailure(migration.file, cause, '', note);
    });
    await query(RESET); // Drops temporary tables, and what depends on them.
    const after = await readAll(context, connection);
    // The effect also names a function that the migration replaced by an equal one, so that it is compared.
    const isReplaced = (object: string) =>
      after.writers.has(object) && after.writers.get(object) !== before.writers.get(object);
    const others = [...before.facts].filter(([object]) => !isReplaced(object));
    effects.set(migration.name, effectBetween(new Map(others), after.facts));
    before = after;
  }
  const { prerequisites } = context.project;
  const completed = completePrerequisites(prerequisites, base.facts, [...effects.values()]);
  return new Map([[PREREQUISITES, completed], ...effects]);
}

/** Refuses prerequisites that contradict the base schema. */
async function refuseContradictions({ project, settings }: Context, base: Facts): Promise<void> {
  const { failing } = await compare(expectedAt(project, 0), base);
  const file = settings.baseSchema;
  for (const { object, expected, found } of failing) {
    const reason = `${object} is ${found ?? ''}, where ${PREREQUISITES}.json has ${expected ?? 'nothing'}`;
    if (found !== null) throw failure('bad-file', [file, reason], { file });
  }
}

/** Loads the base schema, without the backslash commands for psql, which pg_dump writes since 2025. */
async function loadBaseSchema({ settings }: Context, connection: Connection): Promise<void> {
  const { baseSchema: file, root, migrationsSchema } = settings;
  const sql = existsSync(join(root, file)) ? readFile(root, file).replaceAll(/^\\.*$/gm, '') : '';
  const lineAt = (position: number) => `${file}:${sql.slice(0, position).split('\n').length}`;
  try {
    await connection.query(
      `${sql}\n; ${RESET} CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(migrationsSchema)}`,
    );
  } catch (cause) {
    const { message, position } = cause as { message: string; position?: string };
    const place = position === undefined ? file : lineAt(Number(position));
    throw failure('base-schema', [place, message], { file, cause });
  }
}

/** Reads the schema, and for each function the transaction that created or last replaced it. */
async function readAll({ settings }: Context, { query }: Connection) {
  const facts = factsQuery(allObjects(settings.tableName));
  const writers = `SELECT 'function ' || oid::regprocedure AS object, xmin::text FROM pg_proc`;
  const results = await query(`BEGIN READ ONLY; ${READ_SETTINGS} ${facts}; ${writers}; COMMIT`);
  const functions = results.at(-2)?.rows as { object: string; xmin: string }[];
  return {
    facts: factsFrom(results.at(-3)),
    writers: new Map(functions.map(({ object, xmin }) => [object, xmin])),
  };
}

/**
 * Adds to the prerequisites every fact of the base schema that a migration changes or removes: after the
 * `down` of that migration, it must be there again.
 */
function completePrerequisites(given: Effect, base: Facts, effects: readonly Effect[]): Effect {
  const added = effects
    .flatMap((effect) => Object.entries(effect))
    .map(([object, patch]): Effect => {
      const named = partsOf(patch).map(([part]) => part);
      const all = [...(base.get(object) ?? [])];
      const changed = all.filter(
        ([part, definition]) =>
          patch === null || (named.includes(part) && !isTriggerFunction(definition)),
      );
      // An equal constraint that stays, so that it is not taken for the removed one under another name.
      const texts = changed.filter(([part]) => isConstraint(part)).map(([, text]) => text);
      const twins = all.filter(([part, text]) => isConstraint(part) && texts.includes(text));
      return { [object]: Object.fromEntries([...changed, ...twins]) };
    });
  // The given facts are first, so that the file keeps its order, and last, so that they are not replaced.
  return effectBetween(new Map(), merge([given, ...added, given]));
}
