import { join, resolve } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import pg from 'pg';
import { failure } from '../report/errors.js';
import { closest } from '../report/closest.js';
import { parseJson, readFile } from './files.js';

/** The settings file; node-pg-migrate's own CLI reads the same one with `-f`. */
const SETTINGS_FILE = '.node-pg-migraterc.json';

/** Whether this program runs as `dist/scripts/migrate.js`. */
export const isCompiled = !import.meta.url.endsWith('.ts');

/** What the settings file says. Paths are absolute. */
export interface Settings {
  readonly root: string;
  readonly migrationsDir: string;
  /** Where the effect files are. */
  readonly effectsDir: string;
  readonly template: string;
  /** The application's base schema, which `snapshot` loads into its scratch database before the first migration. */
  readonly baseSchema: string;
  readonly migrationsSchema: string;
  readonly migrationsTable: string;
  /** The migrations table as SQL names it, quoted where needed, and always quoted. */
  readonly tableName: string;
  readonly quotedTable: string;
  /** The schemas in which migrations find unqualified names. */
  readonly schemas: readonly string[];
  readonly databaseUrlVar: string;
}

type Kind = 'text' | 'text or a list of texts' | 'true or false';
/** The keys of the framework that mean something here. */
const KEYS: Readonly<Record<string, Kind>> = {
  'migrations-dir': 'text',
  'migrations-table': 'text',
  'migrations-schema': 'text',
  schema: 'text or a list of texts',
  'database-url-var': 'text',
  'template-file-name': 'text',
  'migration-file-language': 'text',
  'migration-filename-format': 'text',
  'check-order': 'true or false',
  verbose: 'true or false',
};

/**
 * Reads the settings file of the project in `root`, and its `.env`, which never overrides a variable that is set.
 *
 * @throws Failure `usage` with the key, or the line and column, that is wrong
 */
export function readSettings(root: string, env: NodeJS.ProcessEnv): Settings {
  const values = parseSettings(readFile(join(root, SETTINGS_FILE), SETTINGS_FILE));
  loadDotenv({ path: join(root, '.env'), processEnv: env, quiet: true });
  const text = (key: string, otherwise: string): string =>
    (values[key] as string | undefined) ?? otherwise;
  const migrationsDir = resolve(
    root,
    isCompiled ? 'dist' : '.',
    text('migrations-dir', 'migrations'),
  );
  const schemas = [values['schema'] ?? 'public'].flat() as string[];
  const migrationsSchema = text('migrations-schema', schemas[0] ?? 'public');
  const migrationsTable = text('migrations-table', 'pgmigrations');
  return {
    root,
    migrationsDir,
    effectsDir: join(migrationsDir, 'schema'),
    template: resolve(root, text('template-file-name', 'scripts/template.ts')),
    baseSchema: join(root, 'test', 'fixtures', 'base-schema.sql'),
    migrationsSchema,
    migrationsTable,
    tableName: `${identifier(migrationsSchema)}.${identifier(migrationsTable)}`,
    quotedTable: `${pg.escapeIdentifier(migrationsSchema)}.${pg.escapeIdentifier(migrationsTable)}`,
    schemas,
    databaseUrlVar: text('database-url-var', 'DATABASE_URL'),
  };
}

/** A name as SQL takes it, with quotes only where it needs them. */
export const identifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : pg.escapeIdentifier(name);

function parseSettings(text: string): Record<string, unknown> {
  const values = parseJson(text, SETTINGS_FILE);
  const refuse = (reason: string): never => {
    throw failure('usage', 'bad-settings', [SETTINGS_FILE, reason], { file: SETTINGS_FILE });
  };
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    return refuse('it is not an object');
  for (const [key, value] of Object.entries(values)) {
    const kind = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (kind === undefined)
      return refuse(`it has an unknown key "${key}"${closest(key, Object.keys(KEYS))}`);
    if (!isOfKind(value, kind)) return refuse(`"${key}" must be ${kind}`);
  }
  return values as Record<string, unknown>;
}

function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === 'true or false') return typeof value === 'boolean';
  const isText = (item: unknown): boolean => typeof item === 'string' && item !== '';
  if (kind === 'text' || !Array.isArray(value)) return isText(value);
  return value.length > 0 && value.every(isText);
}
