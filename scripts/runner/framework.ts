/** The only file that runs node-pg-migrate. The package is loaded when it is first needed. */
import { parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MigrationBuilder } from 'node-pg-migrate';
import type { Connection, Statement } from '../database/connection.ts';
import { messageOf } from '../database/pg-errors.ts';
import type { Migration } from '../project/project.ts';
import type { Settings } from '../project/settings.ts';
import { failure } from '../report/errors.ts';
import type { Direction } from '../report/types.ts';
import { isCompiled } from '../report/wording.ts';
import { controlsTransaction } from './sql-text.ts';

/** The SQL of a statement. */
export const textOf = (statement: Statement) =>
  typeof statement === 'string' ? statement : statement.text;

type Send = Connection['send'];
type OnStart = (migration: Migration, isInside: () => boolean) => Promise<void>;

const ignore = () => undefined;
const silent = { info: ignore, warn: ignore, error: ignore };

/** The `up` or `down` function of a migration. If it has a parameter `done`, it ends when it calls `done`. */
export type Action = (pgm: MigrationBuilder, done?: () => void) => unknown;
type Exports = Readonly<Record<string, unknown>>;

/** The statement by which the framework creates the migrations table, unless it exists. */
export const tableStatement = ({ tableName }: Settings) =>
  `CREATE TABLE IF NOT EXISTS ${tableName} (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);`;

/** The statement by which the framework adds a migration to the migrations table, or deletes it there. */
export const recordStatement = ({ tableName }: Settings, name: string, direction: Direction) =>
  direction === 'up'
    ? `INSERT INTO ${tableName} (name, run_on) VALUES ('${name}', NOW());`
    : `DELETE FROM ${tableName} WHERE name='${name}';`;

/** Loads the files of the migrations. @throws Failure `usage` if one is broken, before any migration runs */
export async function loadMigrations(migrations: readonly Migration[], direction: Direction) {
  const loaded = migrations.map(async (migration): Promise<[Migration, Action]> => {
    const { file, path } = migration;
    const exports = await load(path).catch((cause: unknown) => {
      throw failure('bad-migration', [file, messageOf(cause)], { file, cause });
    });
    const action = exports[direction];
    if (typeof action !== 'function') throw failure('irreversible', [file], { file });
    return [migration, (action as Action).bind(exports)]; // A default export may use `this`.
  });
  return new Map(await Promise.all(loaded));
}

async function load(path: string): Promise<Exports> {
  // jiti compiles TypeScript, and caches the output. The framework's own CLI uses it, too.
  const all = isCompiled
    ? ((await import(pathToFileURL(path).href)) as Exports)
    : await (await import('node-pg-migrate')).jiti.import<Exports>(path);
  const exports = 'up' in all ? all : ((all['default'] ?? all) as Exports);
  const { up, down } = exports;
  if (typeof up !== 'function') throw new Error('it does not export a function "up"');
  if (typeof down !== 'function' && down !== false)
    throw new Error('it does not export a function "down"');
  // The framework applies shorthands to the later migrations of a run, too. In another run, these would fail.
  // The templates of its own CLI export `undefined`.
  if (exports['shorthands'] !== undefined)
    throw new Error('it exports "shorthands": write each column in full');
  return exports;
}

/**
 * Runs migrations with the framework's runner, version 9.0.0. Of its options,
 * - `singleTransaction` has no default, and must be given.
 * - `noLock` must be true. Otherwise, the runner takes a lock for the session, which a pooler passes on.
 * - `schema` must be left out. With it, the runner sets search_path for the session: a pooler passes it on.
 * - `ignorePattern` hides all files except the first, for which our loader returns all migrations.
 */
export async function runMigrations(
  settings: Settings,
  client: Readonly<{ query: Send; onStart: OnStart }>,
  migrations: ReadonlyMap<Migration, Action>,
  direction: Direction,
): Promise<void> {
  const [first] = migrations.keys();
  if (first === undefined) return;
  const { dir, base, ext } = parse(first.path);
  const { runner } = await import('node-pg-migrate');
  const start = (migration: Migration, action: Action) => async (pgm: MigrationBuilder) => {
    const isInside = pgm.isUsingTransaction.bind(pgm);
    pgm.isUsingTransaction = () => false; // Makes the framework send no BEGIN and no COMMIT.
    await client.onStart(migration, isInside);
    await callAction(action, pgm);
  };
  const units = [...migrations].map(([migration, action]) => ({
    id: `${migration.name}.js`, // The framework removes the extension.
    filePaths: [migration.path],
    actions: { [direction]: start(migration, action) } as never,
  }));
  // First, the framework asks the database which migrations are applied, in the order of `run_on`. That is a
  // local time, so the order may be wrong. `query` below answers instead, and sends nothing: for `up`, none of
  // `migrations` is applied; for `down`, all of them are, in the order of their files.
  const appliedQuery = `SELECT name FROM ${settings.tableName} ORDER BY run_on, id`;
  const applied = direction === 'up' ? [] : [...migrations.keys()].reverse();
  const rows = applied.map(({ name }) => ({ name }));
  const query = async (statement: Statement, values?: readonly unknown[]) =>
    statement === appliedQuery ? { rows } : await client.query(statement, values);
  await runner({
    dbClient: { query } as never,
    dir,
    ignorePattern: `(?!${base.replaceAll('.', '\\.')}$).*`,
    migrationsTable: settings.migrationsTable,
    migrationsSchema: settings.migrationsSchema,
    direction,
    count: migrations.size,
    checkOrder: false,
    singleTransaction: false,
    noLock: true,
    logger: silent,
    migrationLoaderStrategies: [{ extensions: [ext], loader: () => Promise.resolve(units) }],
  });
}

async function callAction(action: Action, pgm: MigrationBuilder): Promise<void> {
  const hasDone = action.length === 2;
  await (hasDone ? new Promise<void>((done) => action(pgm, done)) : action(pgm));
  Object.freeze(pgm); // Makes a later pgm.sql() throw. Otherwise, the framework would ignore its SQL.
}

/**
 * Returns the statements of a migration, without running them. What its function itself sends goes to `send`,
 * after a call of `leave` if the function has called pgm.noTransaction().
 */
export async function sqlOf(
  file: string,
  action: Action,
  send: Send,
  leave?: () => Promise<unknown>,
) {
  const { MigrationBuilder } = await import('node-pg-migrate');
  let hasEnded = false;
  const query: Send = async (statement, values) => {
    if (hasEnded) throw failure('late-statement', [textOf(statement)]);
    if (!pgm.isUsingTransaction()) await leave?.();
    return await send(statement, values);
  };
  const select: Send = async (...sent) => ((await query(...sent)) as { rows: unknown }).rows;
  const pgm = new MigrationBuilder({ query, select } as never, undefined, false, silent);
  await callAction(action, pgm);
  hasEnded = true;
  const statements = pgm.getSqlSteps();
  const isInside = pgm.isUsingTransaction();
  const refused = isInside ? statements.find(controlsTransaction) : undefined;
  if (refused !== undefined) throw failure('controls-transaction', [file, refused], { file });
  return { statements, isInside };
}
