/** All that touches node-pg-migrate, apart from types. It is loaded only when it has something to do. */
import { dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MigrationBuilder, RunnerOption } from 'node-pg-migrate';
import { failure } from './errors.js';
import type { Direction } from './ledger.js';
import type { Migration } from './project.js';
import type { Settings } from './settings.js';

/** What the framework sends its statements to. */
export interface StatementClient {
  query(statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown>;
}

/** The statement with which the framework writes down that a migration ran (its `Migration#_getMarkAsRun`). */
export const ledgerStatement = (
  { migrationsSchema, migrationsTable }: Settings,
  name: string,
  direction: Direction,
): string =>
  direction === 'up'
    ? `INSERT INTO "${migrationsSchema}"."${migrationsTable}" (name, run_on) VALUES ('${name}', NOW());`
    : `DELETE FROM "${migrationsSchema}"."${migrationsTable}" WHERE name='${name}';`;

/** The functions of a migration's module. `down` is `false` where a migration cannot be reverted, and says so. */
type Module = Record<string, unknown> & { readonly default?: unknown };

/**
 * Loads migrations before any of them runs, so that a broken file is found while nothing has been written.
 *
 * @throws Failure `usage` for a file that cannot be loaded, or does not export `up` and `down`
 */
export async function loadMigrations(migrations: readonly Migration[], direction: Direction): Promise<void> {
  const loading = await Promise.allSettled(migrations.map(({ path }) => loadModule(path)));
  for (const [index, migration] of migrations.entries()) {
    const { file } = migration;
    const result = loading[index];
    if (result?.status !== 'fulfilled')
      throw failure('usage', 'migration-broken', [file, describeError(result?.reason, migration)], {
        file,
        cause: result?.reason,
      });
    const actions = result.value;
    if (typeof actions['up'] !== 'function') throw failure('usage', 'migration-no-up', [file], { file });
    if (typeof actions['down'] !== 'function' && actions['down'] !== false)
      throw failure('usage', 'migration-no-down', [file], { file });
    if (direction === 'down' && actions['down'] === false)
      throw failure('usage', 'migration-irreversible', [file], { file });
  }
}

/** What was loaded, by path: to look it up again through `import()` takes nearly as long as to load it. */
const loaded = new Map<string, Module>();

async function loadModule(path: string): Promise<Module> {
  const known = loaded.get(path);
  if (known !== undefined) return known;
  const module = (await import(pathToFileURL(path).href)) as Module;
  const isWhole = 'up' in module || typeof module.default !== 'object' || module.default === null;
  const actions = isWhole ? module : (module.default as Module);
  loaded.set(path, actions);
  return actions;
}

/**
 * Begins to load the framework and migrations while there is something else to wait for. What goes wrong is told by
 * {@link loadMigrations}.
 */
export function preload(migrations: readonly Migration[]): void {
  void Promise.allSettled([import('node-pg-migrate'), ...migrations.map(({ path }) => loadModule(path))]);
}

const describeError = (cause: unknown, { path }: Migration): string =>
  String(cause instanceof Error ? cause.message : cause)
    .replaceAll(pathToFileURL(path).href, '')
    .replaceAll(path, '')
    .trim()
    .replace(/ for$/, '');

/** What a migration would send, one by one. */
export interface Steps {
  readonly statements: readonly string[];
  /** Whether in the transaction of the run. */
  readonly inside: boolean;
}

/** A migration's function that also tells what it gave its builder to do; the framework adds to that afterwards. */
const telling = (action: unknown, onSteps: (steps: Steps) => void) => async (pgm: MigrationBuilder) => {
  const run = action as (pgm: MigrationBuilder, done?: () => void) => unknown;
  await (run.length === 2 ? new Promise<void>((done) => run(pgm, done)) : run(pgm));
  onSteps({ statements: [...pgm.getSqlSteps()], inside: pgm.isUsingTransaction() });
};

/**
 * Runs migrations through the framework's runner, in one transaction but for those that ask for none.
 *
 * Facts of 9.0.0 behind the options: `singleTransaction` is off unless asked for; `schema` would set the search path of
 * the session, which a pooler hands on; its session lock would stay behind on a pooled connection; it loads every file
 * of the folder unless a pattern keeps them from it, and then cannot know their order, which is checked here anyway.
 *
 * @param onSteps told of each migration what it will send, before it does
 * @param dryRun whether nothing is run but the migrations' own functions
 */
export async function runMigrations(
  settings: Settings,
  client: StatementClient,
  migrations: readonly Migration[],
  direction: Direction,
  onSteps: (steps: Steps) => void,
  dryRun = false,
): Promise<void> {
  const { runner } = await import('node-pg-migrate');
  const quiet = (): void => undefined;
  const first = migrations[0];
  if (first === undefined) return;
  const actionsOf = async (path: string) => {
    const { up, down } = await loadModule(path);
    return { up: telling(up, onSteps), down: telling(down, onSteps) } as never;
  };
  const files = migrations.map(({ path }) => path.slice(dirname(path).length + 1).replaceAll('.', '\\.'));
  await runner({
    dbClient: client as unknown as Extract<RunnerOption, { dbClient: unknown }>['dbClient'],
    dir: dirname(first.path),
    ignorePattern: `(?!(?:${files.join('|')})$).*`,
    migrationsTable: settings.migrationsTable,
    migrationsSchema: settings.migrationsSchema,
    direction,
    count: migrations.length,
    checkOrder: false,
    singleTransaction: true,
    noLock: true,
    dryRun,
    verbose: false,
    logger: { info: quiet, warn: quiet, error: quiet },
    migrationLoaderStrategies: [
      {
        extensions: [...new Set(migrations.map(({ path }) => extname(path)))],
        loader: (paths) =>
          Promise.all(paths.map(async (path) => ({ id: path, filePaths: [path], actions: await actionsOf(path) }))),
      },
    ],
  });
}
