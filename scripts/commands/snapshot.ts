import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import stringify from 'json-stringify-pretty-compact';
import pg from 'pg';
import { noteDatabase, type Context, type Success } from '../context.js';
import type { Address } from '../database/address.js';
import { withConnection, type Connection } from '../database/connection.js';
import { readSchema } from '../database/inspect.js';
import { failure } from '../errors.js';
import { loadMigrations, runMigrations } from '../framework.js';
import { PREREQUISITES, type Migration } from '../project.js';
import { picture } from '../report/picture.js';
import { effectBetween } from '../schema/effects.js';
import { everythingQuery } from '../schema/everything.js';
import {
  isPart,
  isPatch,
  mentions,
  objectsOf,
  type Patch,
  type Relation,
  type Schema,
  type State,
} from '../schema/model.js';
import { writeSource } from '../sources.js';
import { connectOptions } from './check.js';

/**
 * Writes the effect files anew from what the migrations do: one after the other, on a database made for it, on top of the
 * base schema; and a picture of what they come to. The database that the URL names is left alone; its role has to be able
 * to create another one.
 */
export async function snapshot(context: Context): Promise<Success> {
  const { project, facts } = context;
  const { settings, migrations } = project;
  await loadMigrations(migrations, 'up');
  const effects = await withConnection(context.address, connectOptions(context), async (connection) => {
    noteDatabase(context, connection);
    return await withScratchDatabase(context, connection, (scratch) => takeEffects(context, scratch));
  });
  const ordered = effects.map(([name, effect]) => [name, inOrder(effect)] as const);
  const files = ordered.map(
    ([name, effect]) => [`${name}.json`, `${stringify(effect, { maxLength: 116 })}\n`] as const,
  );
  const changed = [...files, ['README.md', picture(ordered)] as const].filter(([name, text]) => {
    const file = join(settings.effectsDir, name);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return false;
    writeSource(settings, file, text);
    return true;
  });
  facts.output = changed.map(([name]) => name).join('\n');
  return 'applied';
}

/** Columns as the table has them, all else by name: the catalog promises no order. */
const inOrder = (effect: Patch): Patch =>
  inEach(effect, (section, byKey) =>
    section === 'tables'
      ? inEach(byKey, (_, table) => inEach(table, (part, byName) => (part === 'columns' ? byName : sorted(byName))))
      : sorted(byKey),
  );

/** A patch in which what has more inside is replaced. */
const inEach = (patch: Patch, replace: (key: string, inner: Patch) => Patch): Patch =>
  Object.fromEntries(
    Object.entries(patch).map(([key, value]) => [key, isPatch(value) ? replace(key, value) : value] as const),
  );

const sorted = (patch: Patch): Patch => Object.fromEntries(Object.entries(patch).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Runs `use` with the address of a new, empty database on the same server, and drops it afterwards. */
async function withScratchDatabase<T>(
  context: Context,
  connection: Connection,
  use: (address: Address) => Promise<T>,
): Promise<T> {
  const name = `migrate_snapshot_${randomBytes(6).toString('hex')}`;
  await connection.query(`CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE template0`);
  try {
    return await use({ ...context.address, config: { ...context.address.config, database: name }, database: name });
  } finally {
    // On a connection that no signal ends, and that waits for nothing: what is stopped is to leave nothing behind either.
    const options = { purpose: 'run', command: context.command, signal: new AbortController().signal } as const;
    const drop = `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`;
    await withConnection(context.address, options, (connection) => connection.query(drop));
  }
}

async function takeEffects(context: Context, address: Address): Promise<[name: string, effect: Patch][]> {
  const { settings, migrations, prerequisites } = context.project;
  return await withConnection(address, connectOptions(context), async (connection) => {
    if (existsSync(settings.baseSchema)) await connection.query(readFileSync(settings.baseSchema, 'utf8'));
    const base = await readEverything(connection, settings.ledgerName);
    const effects: [string, Patch][] = [];
    let before = base;
    for (const migration of migrations) {
      const touched = await triggerFunctions(connection);
      await apply(context, connection, migration);
      const after = await readEverything(connection, settings.ledgerName);
      const rewritten = await triggerFunctions(connection);
      const isRewritten = (key: string) => touched.get(key) !== rewritten.get(key);
      const effect = effectBetween(without(before, isRewritten), after);
      effects.push([migration.name, isEmpty(effect) && isPlaceholder(migration.effect) ? migration.effect : effect]);
      before = after;
    }
    return [
      [
        PREREQUISITES,
        prerequisitesFrom(
          base,
          prerequisites,
          effects.map(([, effect]) => effect),
        ),
      ],
      ...effects,
    ];
  });
}

const isEmpty = (effect: Patch): boolean => Object.keys(effect).length === 0;
/** Whether an effect only names a table that a migration changes in a way that the check does not see: a person wrote that. */
const isPlaceholder = (effect: Patch): boolean =>
  mentions(effect).every(({ value }) => isPatch(value) && isEmpty(value));

async function apply({ project: { settings } }: Context, connection: Connection, migration: Migration): Promise<void> {
  try {
    await connection.query(`SET search_path = ${settings.searchPath}`);
    await runMigrations(settings, connection.client, [migration], 'up', () => undefined);
  } catch (cause) {
    throw failure('failed', 'snapshot-failed', [migration.file, (cause as Error).message], {
      file: migration.file,
      cause,
    });
  }
}

async function readEverything(connection: Connection, ledgerName: string): Promise<Schema> {
  const ledger = `to_regclass(${pg.escapeLiteral(ledgerName)})`;
  const results = await connection.query(
    `BEGIN READ ONLY; SET LOCAL search_path = ''; ${everythingQuery(ledger)}; COMMIT`,
  );
  const names: Record<string, string[]> = {};
  for (const { section, key } of (results.at(-2)?.rows ?? []) as { section: string; key: string }[])
    (names[section] ??= []).push(key);
  return await readSchema(connection, names, '0');
}

/** A function that a migration replaces by the same is its effect as well; a row's `xmin` tells. */
async function triggerFunctions(connection: Connection): Promise<Map<string, string>> {
  const [result] = await connection.query(`SELECT n.nspname || '.' || p.proname || '()' AS key, p.xmin::text AS version
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.prorettype = 'trigger'::regtype AND n.nspname NOT IN ('pg_catalog', 'information_schema')`);
  return new Map((result?.rows as { key: string; version: string }[]).map(({ key, version }) => [key, version]));
}

function without(schema: Schema, isLeftOut: (key: string) => boolean): Schema {
  const functions = Object.entries(schema.functions ?? {}).filter(([key]) => !isLeftOut(key));
  return { ...schema, functions: Object.fromEntries(functions) };
}

/** What has to be there: what the file names already, and the objects of the base schema that effects change. */
function prerequisitesFrom(base: Schema, named: Patch, effects: readonly Patch[]): Patch {
  const objects = objectsOf(base);
  const changed = effects.flatMap(mentions).filter(({ id, section }) => section === 'tables' && objects.has(id));
  const wanted: Schema = {};
  for (const { id, section, key, part, name, value } of [...mentions(named), ...changed]) {
    const found = objects.get(id)?.state;
    if (found === undefined) continue;
    const only = mentions(named).find((mention) => mention.id === id)?.value ?? value;
    const state: State =
      typeof found === 'string' || typeof only !== 'object' || only === null ? found : pick(found, only);
    const byKey = (wanted[section] ??= {});
    if (part === undefined) byKey[key] = { ...(byKey[key] as object), ...(state as object) };
    else if (isPart(part))
      ((((byKey[key] ??= {}) as Relation)[part] ??= {}) as Record<string, State>)[name ?? ''] = state;
  }
  return wanted;
}

const pick = (state: Exclude<State, string>, only: Patch): State =>
  Object.fromEntries(
    Object.entries(state).filter(([attribute]) => attribute in only || attribute === 'type' || attribute === 'kind'),
  );
