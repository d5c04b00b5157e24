/** All that touches node-pg-migrate, apart from types. It is loaded only when it has something to do. */
import { basename, dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MigrationBuilder, RunnerOption } from 'node-pg-migrate';
import { failure } from './errors.js';
import type { Direction } from './ledger.js';
import { once } from './once.js';
import type { Migration } from './project.js';
import type { Settings } from './settings.js';
import type { Exports } from './sources.js';

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

/** The statement with which the framework asks what has run. */
export const ledgerQuery = ({ ledgerName }: Settings): string => `SELECT name FROM ${ledgerName} ORDER BY run_on, id`;

/**
 * Loads migrations before any of them runs, so that a broken file is found while nothing has been written.
 *
 * @throws Failure `usage` for a file that cannot be loaded, or does not export `up` and `down`
 */
export async function loadMigrations(migrations: readonly Migration[], direction: Direction): Promise<void> {
  const loading = await Promise.allSettled(migrations.map(loadActions));
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

/** What was loaded: to look it up again through `import()` takes nearly as long as to load it. */
const loaded = new WeakMap<Migration, Exports>();

const framework = once(() => import('node-pg-migrate'));

/** The functions of a migration. `down` is `false` where a migration cannot be reverted, and says so. */
async function loadActions(migration: Migration): Promise<Exports> {
  const known = loaded.get(migration);
  if (known !== undefined) return known;
  const { jiti } = await framework();
  // As the framework's own CLI does: half the time of an `import()` that ts-node has to answer from its thread.
  const exports = await (migration.load?.() ?? jiti.import<Exports>(migration.path));
  const { default: inner } = exports;
  const isWhole = 'up' in exports || typeof inner !== 'object' || inner === null;
  const actions = isWhole ? exports : (inner as Exports);
  loaded.set(migration, actions);
  return actions;
}

/**
 * Begins to load the framework and migrations while there is something else to wait for. What goes wrong is told by
 * {@link loadMigrations}.
 */
export function preload(migrations: readonly Migration[]): void {
  void Promise.allSettled(migrations.map(loadActions));
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
 * The framework reverts what comes last by `run_on`: a time without a zone, which goes backwards where one deploy's
 * session is in another time zone than the one's before. What is to be reverted comes last here, in the order of the files.
 */
const revertingInOrder = (client: StatementClient, settings: Settings, reverted: readonly Migration[]) => ({
  async query(...sent: Parameters<StatementClient['query']>): Promise<unknown> {
    const result = await client.query(...sent);
    if (sent[0] !== ledgerQuery(settings)) return result;
    const places = new Map(reverted.map(({ name }, index) => [name, reverted.length - index]));
    const place = ({ name }: { name: string }) => places.get(name) ?? 0;
    return { rows: (result as { rows: { name: string }[] }).rows.sort((a, b) => place(a) - place(b)) };
  },
});

/**
 * Runs migrations through the framework's runner, in one transaction but for those that ask for none.
 *
 * Facts of 9.0.0 behind the options: `singleTransaction` is off unless asked for; `schema` would set the search path of
 * the session, which a pooler hands on; its session lock would stay behind on a pooled connection; it reads the folder,
 * and hands the files that a pattern lets through to a loader: one file is enough, since the loader here knows which
 * migrations are meant. It then cannot know their order, which is checked anyway.
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
  const { runner } = await framework();
  const quiet = (): void => undefined;
  const first = migrations[0];
  if (first === undefined) return;
  const unit = async (migration: Migration) => {
    const { up, down, shorthands } = await loadActions(migration);
    const actions = { up: telling(up, onSteps), down: telling(down, onSteps), shorthands } as never;
    return { id: `${migration.name}.js`, filePaths: [migration.path], actions };
  };
  const sends = direction === 'up' ? client : revertingInOrder(client, settings, migrations);
  await runner({
    dbClient: sends as unknown as Extract<RunnerOption, { dbClient: unknown }>['dbClient'],
    dir: dirname(first.path),
    ignorePattern: `(?!${basename(first.path).replaceAll('.', '\\.')}$).*`,
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
    migrationLoaderStrategies: [{ extensions: [extname(first.path)], loader: () => Promise.all(migrations.map(unit)) }],
  });
}
