import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import pg from 'pg';
import { withConnection, type Connection } from '../database/connection.js';
import { sqlstateOf } from '../database/pg-errors.js';
import { readFile, writeFile } from '../project/files.js';
import { PREREQUISITES, type Migration } from '../project/project.js';
import { diagram } from '../report/diagram.js';
import { failure } from '../report/errors.js';
import type { Result } from '../report/report.js';
import { factsFrom } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';
import { loadMigrations, runMigrations, type Actions } from '../runner/framework.js';
import { RESET, runSettings } from '../runner/session-settings.js';
import { allObjects, factsQuery, READ_SETTINGS } from '../schema/catalog.js';
import {
  effectBetween,
  factsOf,
  isTriggerFunction,
  merge,
  type Effect,
  type Facts,
} from '../schema/effects.js';

type Parts = ReadonlyMap<string, string>;

/**
 * Rewrites the effect files from what the migrations do, one after the other, on a scratch database with the
 * base schema. The database that the URL names is left alone. Roles and other objects of the whole server
 * that a migration creates stay.
 */
export async function snapshot(context: Context): Promise<Result> {
  const { migrations } = context.project;
  const { effectsDir, root } = context.settings;
  const loaded = await loadMigrations(migrations, 'up');
  const effects = await withScratchDatabase(context, (scratch) =>
    withConnection(scratch, 'run', (connection) => takeEffects(scratch, connection, loaded)),
  );
  const last = migrations.at(-1)?.name ?? PREREQUISITES;
  const files = new Map(
    [...effects].map(([name, effect]) => [`${name}.json`, `${JSON.stringify(effect, null, 2)}\n`]),
  );
  files.set('README.md', diagram(last, merge([...effects.values()])));
  const changed = [...files].flatMap(([name, text]) => {
    const path = join(effectsDir, name);
    const shown = relative(root, path);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) return [];
    writeFile(path, shown, text);
    return [shown];
  });
  return { outcome: 'applied', output: changed.join('\n') };
}

/** Runs `use` with a new, empty database on the same server, and drops it afterwards. */
async function withScratchDatabase<T>(
  context: Context,
  use: (scratch: Context) => Promise<T>,
): Promise<T> {
  const { configuration } = context;
  const database = `migrate_snapshot_${randomBytes(6).toString('hex')}`;
  const clientConfig = { ...configuration.clientConfig, database };
  await withConnection(context, 'run', ({ query }) =>
    query(`CREATE DATABASE ${database} TEMPLATE template0`),
  );
  try {
    return await use({ ...context, configuration: { ...configuration, clientConfig, database } });
  } finally {
    // No signal ends this connection: a command that is stopped leaves no database behind.
    const undisturbed = { ...context, signal: new AbortController().signal };
    const drop = `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`;
    await withConnection(undisturbed, 'lock', ({ query }) => query(drop)).catch(
      (error: unknown) => {
        context.tell(
          `the scratch database ${database} could not be dropped: ${(error as Error).message}`,
        );
      },
    );
  }
}

async function takeEffects(
  context: Context,
  connection: Connection,
  loaded: ReadonlyMap<Migration, Actions>,
): Promise<Map<string, Effect>> {
  await loadBaseSchema(context, connection);
  const base = await readAll(context, connection);
  const effects = new Map([[PREREQUISITES, context.project.prerequisites]]);
  let before = base;
  for (const [migration, actions] of loaded) {
    const [result] = await connection.query('SELECT pg_current_xact_id()::text::bigint AS id');
    await apply(context, connection, migration, actions);
    await connection.query(RESET); // What depends on a temporary table is no effect.
    const after = await readAll(context, connection);
    // A function that a migration replaces by the same is its effect as well.
    const replaced = await replacedFunctions(connection, (result?.rows[0] as { id: string }).id);
    const others = [...before].filter(([object]) => !replaced.has(object));
    effects.set(migration.name, effectBetween(new Map(others), after));
    before = after;
  }
  return effects.set(PREREQUISITES, prerequisitesFrom(base, [...effects.values()]));
}

/** Leaves out psql's own commands, which pg_dump writes since 2025. */
async function loadBaseSchema({ settings }: Context, connection: Connection): Promise<void> {
  const { baseSchema, root, migrationsSchema } = settings;
  const file = relative(root, baseSchema);
  const sql = existsSync(baseSchema) ? readFile(baseSchema, file).replaceAll(/^\\.*$/gm, '') : '';
  const lineAt = (position: number) => `${file}:${sql.slice(0, position).split('\n').length}`;
  const copy = /^COPY .* FROM stdin;/im.exec(sql);
  if (copy)
    throw failure(
      'base-schema',
      [lineAt(copy.index), 'it has COPY data, which only psql can load'],
      { file },
    );
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

async function apply(
  context: Context,
  { query, client }: Connection,
  migration: Migration,
  actions: Actions,
): Promise<void> {
  const { file } = migration;
  try {
    await query(runSettings(context).replaceAll('SET LOCAL', 'SET')); // For what runs outside a transaction, too.
    await runMigrations(context.settings, client, new Map([[migration, actions]]), 'up');
  } catch (cause) {
    const sqlstate = sqlstateOf(cause);
    const values = [file, (cause as Error).message, sqlstate] as const;
    throw failure('snapshot-failed', [...values], { file, sqlstate, cause });
  }
}

/** Reads under the same settings as the check. */
async function read({ query }: Connection, sql: string) {
  return (await query(`BEGIN READ ONLY; ${READ_SETTINGS} ${sql}; COMMIT`)).at(-2);
}

const objectsIn = (result: Awaited<ReturnType<typeof read>>) =>
  (result?.rows as { object: string }[]).map(({ object }) => object);

async function readAll({ settings }: Context, connection: Connection): Promise<Facts> {
  const objects = objectsIn(await read(connection, allObjects(settings.tableName)));
  return factsFrom(await read(connection, factsQuery(objects)));
}

async function replacedFunctions(connection: Connection, since: string): Promise<Set<string>> {
  const query = `SELECT 'function ' || oid::regprocedure AS object FROM pg_proc WHERE xmin::text::bigint > ${since}`;
  return new Set(objectsIn(await read(connection, query)));
}

/** The prerequisites, the first of the effects, and what the base schema has of the facts that the others change. */
function prerequisitesFrom(base: Facts, effects: readonly Effect[]): Effect {
  const [given = {}, ...others] = effects;
  const changed = others.flatMap(factsOf).flatMap(([object, part]): [string, Parts][] => {
    const definition = base.get(object)?.get(part) ?? null;
    if (definition === null || isTriggerFunction(definition)) return [];
    return [[object, new Map([[part, definition]])]];
  });
  const dropped = others
    .flatMap((effect) => Object.keys(effect).filter((object) => effect[object] === null))
    .map((object): [string, Parts] => [object, base.get(object) ?? new Map<string, string>()]);
  const added = [...changed, ...dropped].map((entry) => effectBetween(new Map(), new Map([entry])));
  return effectBetween(new Map(), merge([given, ...added, given]));
}
