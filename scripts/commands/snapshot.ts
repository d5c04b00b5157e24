import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import pg from 'pg';
import type { Configuration } from '../database/configuration.js';
import { withConnection, type Connection } from '../database/connection.js';
import { readFile, writeFile } from '../project/files.js';
import { PREREQUISITES, type Migration } from '../project/project.js';
import { diagram } from '../report/diagram.js';
import { failure } from '../report/errors.js';
import type { Result } from '../report/types.js';
import type { Context } from '../runner/context.js';
import { loadMigrations, runMigrations, type Actions } from '../runner/framework.js';
import { RESET, runSettings } from '../runner/session-settings.js';
import { factsQuery, READ_SETTINGS } from '../schema/catalog.js';
import { effectBetween, factsOf, merge, type Effect, type Facts } from '../schema/effects.js';
import { factsFrom } from '../schema/state.js';
import { knownAt, withReader } from './result.js';

/**
 * Rewrites the effect files from what the migrations do: one after the other, on a scratch database, on top of the base
 * schema; and a diagram of the schema that they lead to. The database that the URL names is left alone. Roles and
 * other objects of the whole server that a migration creates stay.
 */
export async function snapshot(context: Context): Promise<Result> {
  const { project, settings } = context;
  const loaded = await loadMigrations(project.migrations, 'up');
  return await withReader(context, async (connection) => {
    const effects = await withScratchDatabase(context, connection, (scratch) =>
      takeEffects(context, scratch, loaded),
    );
    const files = effects.map(([name, effect]): [string, string] => [
      `${name}.json`,
      `${JSON.stringify(effect, null, 2)}\n`,
    ]);
    const schema = merge(effects.map(([, effect]) => effect));
    files.push(['README.md', diagram(project.migrations.at(-1)?.name ?? PREREQUISITES, schema)]);
    const changed = files.filter(([name, text]) => {
      const path = join(settings.effectsDir, name);
      if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
      writeFile(path, relative(settings.root, path), text);
      return true;
    });
    const { database } = knownAt(context, connection, 0);
    return { outcome: 'applied', database, output: changed.map(([name]) => name).join('\n') };
  });
}

/** Runs `use` with a new, empty database on the same server, and drops it afterwards. */
async function withScratchDatabase<T>(
  context: Context,
  connection: Connection,
  use: (scratch: Configuration) => Promise<T>,
): Promise<T> {
  const { configuration, command } = context;
  const database = `migrate_snapshot_${randomBytes(6).toString('hex')}`;
  await connection.query(`CREATE DATABASE ${database} TEMPLATE template0`);
  try {
    return await use({
      ...configuration,
      clientConfig: { ...configuration.clientConfig, database },
      database,
    });
  } finally {
    // On a connection that no signal ends: a command that is stopped leaves no database behind.
    const options = { purpose: 'run', command, signal: new AbortController().signal } as const;
    const drop = `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`;
    await withConnection(configuration, options, (dropping) => dropping.query(drop));
  }
}

async function takeEffects(
  context: Context,
  scratch: Configuration,
  loaded: ReadonlyMap<Migration, Actions>,
): Promise<[name: string, effect: Effect][]> {
  const { settings, command, signal, project } = context;
  return await withConnection(scratch, { purpose: 'run', command, signal }, async (connection) => {
    await loadBaseSchema(context, connection);
    const base = await readAll(context, connection);
    const effects: [string, Effect][] = [];
    let before = base;
    let versions = await functionVersions(connection);
    for (const [migration, actions] of loaded) {
      await apply(context, connection, migration, actions);
      const after = await readAll(context, connection);
      const current = await functionVersions(connection);
      // A function that a migration replaces by the same is its effect as well.
      const isReplaced = (object: string): boolean =>
        versions.has(object) && versions.get(object) !== current.get(object);
      effects.push([
        migration.name,
        effectBetween(new Map([...before].filter(([object]) => !isReplaced(object))), after),
      ]);
      [before, versions] = [after, current];
    }
    const all = effects.map(([, effect]) => effect);
    return [[PREREQUISITES, prerequisitesFrom(base, project.prerequisites, all)], ...effects];
  });
}

/** psql's own commands, which pg_dump writes since 2025, and a byte order mark are left out. */
async function loadBaseSchema({ settings }: Context, connection: Connection): Promise<void> {
  const { baseSchema, root, migrationsSchema } = settings;
  const shown = relative(root, baseSchema);
  const text = existsSync(baseSchema) ? readFile(baseSchema, shown) : '';
  const copy = text.split('\n').findIndex((line) => /^COPY .* FROM stdin;/i.test(line));
  if (copy >= 0)
    throw failure(
      'usage',
      'base-schema',
      [`${shown}:${copy + 1}`, 'it has COPY data, which only psql can load'],
      { file: shown },
    );
  const sql = text.replaceAll(/^\\.*$/gm, '');
  try {
    await connection.query(
      `${sql}\n; ${RESET} CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(migrationsSchema)}`,
    );
  } catch (cause) {
    const { message, position } = cause as { message: string; position?: string };
    const line =
      position === undefined ? '' : `:${sql.slice(0, Number(position)).split('\n').length}`;
    throw failure('usage', 'base-schema', [`${shown}${line}`, message], { file: shown, cause });
  }
}

async function apply(
  context: Context,
  connection: Connection,
  migration: Migration,
  actions: Actions,
): Promise<void> {
  try {
    // For the session: a migration may ask for no transaction.
    await connection.query(runSettings(context).replaceAll('SET LOCAL', 'SET'));
    await runMigrations(context.settings, connection.client, new Map([[migration, actions]]), 'up');
  } catch (cause) {
    const { file } = migration;
    throw failure('failed', 'snapshot-failed', [file, (cause as Error).message], { file, cause });
  }
}

async function readAll({ settings }: Context, connection: Connection): Promise<Facts> {
  const query = factsQuery({ allBut: settings.quotedTable }, pg.escapeLiteral);
  const results = await connection.query(`BEGIN READ ONLY; ${READ_SETTINGS} ${query}; COMMIT`);
  return factsFrom(results.at(-2)?.rows as Parameters<typeof factsFrom>[0]);
}

/** By object; the version of a function changes whenever it is replaced. */
async function functionVersions(connection: Connection): Promise<Map<string, string>> {
  const query = `SELECT 'function ' || p.oid::regprocedure AS object, p.xmin::text AS version FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;
  const results = await connection.query(`BEGIN READ ONLY; ${READ_SETTINGS} ${query}; COMMIT`);
  const rows = results.at(-2)?.rows as { object: string; version: string }[];
  return new Map(rows.map(({ object, version }) => [object, version]));
}

/** What must be there: what the file names already, and the parts of the base schema that effects change. */
function prerequisitesFrom(base: Facts, old: Effect, effects: readonly Effect[]): Effect {
  const isFromBase = (object: string): boolean =>
    base.has(object) && !object.startsWith('function ');
  const changed = effects.flatMap(factsOf).filter(([object]) => isFromBase(object));
  const prerequisites: Record<string, Record<string, string> | string> = {};
  for (const [object, part, definition] of [...factsOf(old), ...changed]) {
    const found = base.get(object)?.get(part);
    if (found === undefined) continue;
    // Of a column that the file names already, only as much as it says.
    const isEnough =
      definition !== null &&
      part.startsWith('column ') &&
      found.startsWith(`${definition} `) &&
      factsOf(old).some(([o, p]) => o === object && p === part);
    const value = isEnough ? definition : found;
    if (part === '') prerequisites[object] = value;
    else
      prerequisites[object] = {
        ...(prerequisites[object] as Record<string, string> | undefined),
        [part]: value,
      };
  }
  return prerequisites;
}
