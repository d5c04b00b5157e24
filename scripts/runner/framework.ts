/** The only file that touches node-pg-migrate, apart from types. The framework is loaded when it has something to do. */
import { basename, dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MigrationBuilder, RunnerOption } from 'node-pg-migrate';
import type { Migration } from '../project/project.js';
import { isCompiled, type Settings } from '../project/settings.js';
import { failure } from '../report/errors.js';
import type { Direction } from '../report/types.js';

/** What the framework sends its statements to. */
export interface StatementClient {
  query(statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown>;
  /** Called before the function of a migration. */
  starts?(migration: Migration): void;
  /** Called after it, with whether its statements go into the transaction of the run, and what they are. */
  sends?(isInside: boolean, statements: readonly string[]): void;
}

/** The statement with which the framework records that a migration has run. */
export const recordStatement = (settings: Settings, name: string, direction: Direction): string => {
  const table = `"${settings.migrationsSchema}"."${settings.migrationsTable}"`;
  return direction === 'up'
    ? `INSERT INTO ${table} (name, run_on) VALUES ('${name}', NOW());`
    : `DELETE FROM ${table} WHERE name='${name}';`;
};

/** The name of the migration that a statement records; undefined for any other statement. */
export function recordedName(settings: Settings, sql: string): string | undefined {
  const name = /'([\w-]+)'/.exec(sql)?.[1];
  if (name === undefined) return undefined;
  const isRecord = (['up', 'down'] as const).some(
    (direction) => sql === recordStatement(settings, name, direction),
  );
  return isRecord ? name : undefined;
}

/** The statement with which the framework asks what has run. */
export const appliedQuery = ({ migrationsSchema, migrationsTable }: Settings): string =>
  `SELECT name FROM "${migrationsSchema}"."${migrationsTable}" ORDER BY run_on, id`;

/** What a migration's file exports. `down` is `false` where a migration says that it cannot be reverted. */
export type Actions = Readonly<Record<string, unknown>>;

/**
 * Loads migrations before any of them runs, so that a broken file is found while nothing has been written.
 *
 * @throws Failure `usage` for a file that cannot be loaded, or does not export `up` and `down`
 */
export async function loadMigrations(
  migrations: readonly Migration[],
  direction: Direction,
): Promise<ReadonlyMap<Migration, Actions>> {
  const loading = await Promise.allSettled(migrations.map(loadActions));
  const loaded = new Map<Migration, Actions>();
  for (const [index, migration] of migrations.entries()) {
    const { file } = migration;
    const result = loading[index];
    const refuse = (
      code: 'broken' | 'no-up' | 'no-down' | 'irreversible',
      reason = '',
      cause?: unknown,
    ): never => {
      throw failure('usage', `migration-${code}`, [file, reason], { file, cause });
    };
    if (result?.status !== 'fulfilled')
      return refuse('broken', describeError(result?.reason, migration), result?.reason);
    const { up, down } = result.value;
    if (typeof up !== 'function') refuse('no-up');
    if (typeof down !== 'function' && down !== false) refuse('no-down');
    if (direction === 'down' && down === false) refuse('irreversible');
    loaded.set(migration, result.value);
  }
  return loaded;
}

async function loadActions({ path }: Migration): Promise<Actions> {
  const exports = isCompiled
    ? ((await import(pathToFileURL(path).href)) as Actions)
    : // As the framework's own CLI does: twice as fast as an `import()` that ts-node answers.
      await (await import('node-pg-migrate')).jiti.import<Actions>(path);
  const inner = exports['default'];
  return 'up' in exports || typeof inner !== 'object' || inner === null
    ? exports
    : (inner as Actions);
}

const describeError = (cause: unknown, { path }: Migration): string =>
  String(cause instanceof Error ? cause.message : cause)
    .replaceAll(pathToFileURL(path).href, '')
    .replaceAll(path, '')
    .trim()
    .replace(/ for$/, '');

/**
 * Runs migrations through the framework's runner, in one transaction but for those that ask for none.
 *
 * Facts of 9.0.0 behind the options: `singleTransaction` is off unless asked for; `schema` would set search_path for the
 * session, which a pooler hands on to others; its session lock would stay behind on a pooled connection. The runner reads
 * the folder, and gives the files that `ignorePattern` lets through to a loader: one file is enough, since the loader
 * here knows which migrations are meant. It cannot know their order then; the caller has checked it.
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
  const quiet = (): void => undefined;
  const units = [...migrations].map(([migration, { up, down, shorthands }]) => ({
    id: `${migration.name}.js`,
    filePaths: [migration.path],
    actions: {
      up: telling(client, migration, up),
      down: telling(client, migration, down),
      shorthands,
    } as never,
  }));
  const sender =
    direction === 'up' ? client : revertingInOrder(client, settings, [...migrations.keys()]);
  await runner({
    dbClient: sender as unknown as Extract<RunnerOption, { dbClient: unknown }>['dbClient'],
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
    logger: { info: quiet, warn: quiet, error: quiet },
    migrationLoaderStrategies: [
      { extensions: [extname(first.path)], loader: () => Promise.resolve(units) },
    ],
  });
}

/** The function of a migration, which tells the client when it starts and what it is about to send. */
const telling =
  (client: StatementClient, migration: Migration, action: unknown) =>
  async (pgm: MigrationBuilder) => {
    const run = action as (pgm: MigrationBuilder, done?: () => void) => unknown;
    client.starts?.(migration);
    await (run.length === 2 ? new Promise<void>((done) => run(pgm, done)) : run(pgm));
    client.sends?.(pgm.isUsingTransaction(), [...pgm.getSqlSteps()]);
  };

/**
 * The framework reverts what comes last by `run_on`: a time without a zone, which goes backwards where two deploys use
 * different time zones. Here the migrations that are to be reverted come last, in the order of the files.
 */
const revertingInOrder = (
  client: StatementClient,
  settings: Settings,
  reverted: readonly Migration[],
) => ({
  async query(...sent: Parameters<StatementClient['query']>): Promise<unknown> {
    const result = await client.query(...sent);
    if (sent[0] !== appliedQuery(settings)) return result;
    const places = new Map(reverted.map(({ name }, index) => [name, reverted.length - index]));
    const place = ({ name }: { name: string }): number => places.get(name) ?? 0;
    return {
      rows: (result as { rows: { name: string }[] }).rows.sort((a, b) => place(a) - place(b)),
    };
  },
});
