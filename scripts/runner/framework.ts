/** The only file that touches node-pg-migrate, apart from types. It is loaded when it has something to do. */
import { basename, dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MigrationBuilder, RunnerOption } from 'node-pg-migrate';
import type { Migration } from '../project/project.js';
import { isCompiled, type Settings } from '../project/settings.js';
import { failure } from '../report/errors.js';
import type { Direction } from '../report/types.js';

export type Statement = string | { readonly text: string };

/** What the framework sends its statements to. */
export interface StatementClient {
  query(statement: Statement, values?: readonly unknown[]): Promise<unknown>;
  /** Called before the function of a migration. */
  starts?(migration: Migration): void;
  /** Called after it, with whether its statements go into the transaction of the run, and what they are. */
  sends?(isInside: boolean, statements: readonly string[]): void;
}

/** What a migration's file exports. `down` is `false` where a migration says that it cannot be reverted. */
export type Actions = Readonly<Record<string, unknown>>;

/** The statement with which the framework records that a migration has run. */
export const recordStatement = (
  { migrationsSchema, migrationsTable }: Settings,
  name: string,
  direction: Direction,
) =>
  direction === 'up'
    ? `INSERT INTO "${migrationsSchema}"."${migrationsTable}" (name, run_on) VALUES ('${name}', NOW());`
    : `DELETE FROM "${migrationsSchema}"."${migrationsTable}" WHERE name='${name}';`;

/** The statement with which the framework asks what has run. */
const appliedQuery = ({ migrationsSchema, migrationsTable }: Settings) =>
  `SELECT name FROM "${migrationsSchema}"."${migrationsTable}" ORDER BY run_on, id`;

/**
 * Loads migrations before any of them runs, so that a broken file is found while nothing has been written.
 *
 * @throws Failure `usage` for a file that cannot be loaded, or does not export `up` and `down`
 */
export async function loadMigrations(migrations: readonly Migration[], direction: Direction) {
  const loaded = new Map<Migration, Actions>();
  for (const migration of migrations) {
    const { file, path } = migration;
    const refuse = (reason: string, cause?: unknown) =>
      failure('bad-migration', [file, reason], { file, cause });
    const actions = await load(path).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const text = reason.replaceAll(pathToFileURL(path).href, file).replaceAll(path, file);
      throw refuse(`cannot be loaded: ${text.replaceAll(/\s*\n\s*/g, ' ')}`, cause);
    });
    const { up, down } = actions;
    if (typeof up !== 'function') throw refuse('does not export a function "up"');
    if (typeof down !== 'function' && down !== false)
      throw refuse('does not export a function "down"');
    if (direction === 'down' && down === false) throw failure('irreversible', [file], { file });
    loaded.set(migration, actions);
  }
  return loaded;
}

async function load(path: string): Promise<Actions> {
  const exports = isCompiled
    ? ((await import(pathToFileURL(path).href)) as Actions)
    : // As the framework's own CLI does: twice as fast as an `import()` that ts-node answers.
      await (await import('node-pg-migrate')).jiti.import<Actions>(path);
  const inner = exports['default'];
  return 'up' in exports || typeof inner !== 'object' || inner === null
    ? exports
    : (inner as Actions);
}

/**
 * Runs migrations through the framework's runner, in one transaction but for those that ask for none.
 *
 * Facts of 9.0.0 behind the options: `singleTransaction` is off unless asked for; `schema` would set
 * search_path for the session, which a pooler hands on to others; its session lock would stay behind on a
 * pooled connection. The runner lists the folder itself: `ignorePattern` leaves it one file, and for that
 * file the loader answers with all migrations of the run, in their order.
 *
 * @param dryRun whether only the functions of the migrations run, and none of their statements
 */
export async function runMigrations(
  settings: Settings,
  client: StatementClient,
  migrations: ReadonlyMap<Migration, Actions>,
  direction: Direction,
  dryRun = false,
): Promise<void> {
  const { runner } = await import('node-pg-migrate');
  const [first] = migrations.keys();
  if (first === undefined) return;
  const ignore = () => undefined;
  const units = [...migrations].map(([migration, { up, down, shorthands }]) => ({
    id: `${migration.name}.js`,
    filePaths: [migration.path],
    actions: {
      up: announced(client, migration, up),
      down: announced(client, migration, down),
      shorthands,
    } as never,
  }));
  // The framework would order what has run by `run_on`, a local time. It is told what there is to do.
  const rows = direction === 'up' ? [] : [...migrations.keys()].reverse();
  const query = async (statement: Statement, values?: readonly unknown[]) =>
    statement === appliedQuery(settings) ? { rows } : await client.query(statement, values);
  await runner({
    dbClient: { query } as unknown as Extract<RunnerOption, { dbClient: unknown }>['dbClient'],
    dir: dirname(first.path),
    ignorePattern: `(?!${basename(first.path).replaceAll('.', '\\.')}$).*`,
    migrationsTable: settings.migrationsTable,
    migrationsSchema: settings.migrationsSchema,
    direction,
    count: migrations.size,
    checkOrder: false,
    singleTransaction: true,
    noLock: true,
    dryRun,
    verbose: false,
    logger: { info: ignore, warn: ignore, error: ignore },
    migrationLoaderStrategies: [
      { extensions: [extname(first.path)], loader: () => Promise.resolve(units) },
    ],
  });
}

/** The function of a migration, which tells the client when it starts and what it is about to send. */
const announced =
  (client: StatementClient, migration: Migration, action: unknown) =>
  async (pgm: MigrationBuilder) => {
    const run = action as (pgm: MigrationBuilder, done?: () => void) => unknown;
    client.starts?.(migration);
    try {
      await (run.length === 2 ? new Promise<void>((done) => run(pgm, done)) : run(pgm));
    } finally {
      client.sends?.(pgm.isUsingTransaction(), [...pgm.getSqlSteps()]);
    }
  };
