import { join, resolve } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import pg from 'pg';
import { failure } from '../report/errors.js';
import { readJson } from './files.js';

/** The settings file; node-pg-migrate's own CLI reads the same one with `-f`. */
const FILE = '.node-pg-migraterc.json';

/** Whether this program runs as `dist/scripts/migrate.js`. */
export const isCompiled = !import.meta.url.endsWith('.ts');

/** The keys of the framework that mean something here, with their defaults. */
const DEFAULTS = {
  'migrations-dir': 'migrations',
  'migrations-table': 'pgmigrations',
  'migrations-schema': '',
  schema: 'public' as string | string[],
  'database-url-var': 'DATABASE_URL',
  'template-file-name': 'scripts/template.ts',
  'migration-file-language': 'ts',
  'migration-filename-format': 'index',
  'check-order': true,
  verbose: false,
};

/** What the settings file says. Paths are absolute. */
export type Settings = Readonly<ReturnType<typeof readSettings>>;

/**
 * Reads the settings of the project in `root`, and its `.env`, which never overrides a variable.
 *
 * @throws Failure `usage` with the key, or the line and column, that is wrong
 */
export function readSettings(root: string, env: NodeJS.ProcessEnv) {
  const values = { ...DEFAULTS, ...checkSettings(readJson(join(root, FILE), FILE)) };
  loadDotenv({ path: join(root, '.env'), processEnv: env, quiet: true });
  /** The schemas in which migrations find unqualified names. */
  const schemas = [values.schema].flat();
  const migrationsDir = resolve(root, isCompiled ? 'dist' : '.', values['migrations-dir']);
  const migrationsSchema = values['migrations-schema'] || (schemas[0] ?? '');
  const migrationsTable = values['migrations-table'];
  const quote = (name: string) => pg.escapeIdentifier(name);
  return {
    ...{ root, schemas, migrationsDir, migrationsSchema, migrationsTable },
    effectsDir: join(migrationsDir, 'schema'),
    template: resolve(root, values['template-file-name']),
    /** The application's base schema, which `snapshot` loads before the first migration. */
    baseSchema: join(root, 'test/fixtures/base-schema.sql'),
    /** The migrations table as SQL, quoted. */
    tableName: `${quote(migrationsSchema)}.${quote(migrationsTable)}`,
    databaseUrlVar: values['database-url-var'],
  };
}

function checkSettings(values: unknown): Partial<typeof DEFAULTS> {
  const refuse = (reason: string) => failure('bad-file', [FILE, reason], { file: FILE });
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw refuse('it is not an object');
  for (const [key, value] of Object.entries(values)) {
    if (!Object.hasOwn(DEFAULTS, key))
      throw refuse(`it has an unknown key "${key}"; known are ${Object.keys(DEFAULTS).join(', ')}`);
    const kind = typeof DEFAULTS[key as keyof typeof DEFAULTS];
    const items = key === 'schema' && Array.isArray(value) && value.length > 0 ? value : [value];
    if (items.some((item) => typeof item !== kind || item === ''))
      throw refuse(`"${key}" must be ${kind === 'boolean' ? 'true or false' : 'a text'}`);
  }
  return values;
}
