import { join } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import pg from 'pg';
import { isCompiled } from '../report/wording.ts';
import { readJson } from './files.ts';

/** The settings file. node-pg-migrate's own CLI reads it, too, if `-f` names it. */
const FILE = '.node-pg-migraterc.json';

/** The keys of the settings file, with defaults. Only the CLI of node-pg-migrate uses the last four. */
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

/** The settings of a project. The names of files and folders are relative to `root`. */
export type Settings = Readonly<ReturnType<typeof readSettings>>;

/** Reads the settings file. Adds variables of `.env` to `env`, unless set there. @throws Failure `usage` */
export function readSettings(root: string, env: NodeJS.ProcessEnv) {
  const values = { ...DEFAULTS, ...readJson(root, FILE, checkSettings) };
  loadDotenv({ path: join(root, '.env'), processEnv: env, quiet: true });
  const migrationsDir = join(isCompiled ? 'dist' : '', values['migrations-dir']);
  const migrationsTable = values['migrations-table'];
  /** The schemas that unqualified names in migrations refer to. */
  const schemas = [values.schema].flat();
  const migrationsSchema = values['migrations-schema'] || (schemas[0] ?? '');
  return {
    root,
    migrationsDir,
    migrationsSchema,
    migrationsTable,
    effectsDir: join(migrationsDir, 'schema'),
    template: values['template-file-name'],
    /** The name of the migrations table for SQL: with its schema, and quoted. */
    tableName: [migrationsSchema, migrationsTable].map(pg.escapeIdentifier).join('.'),
    /** `schemas` for SQL: quoted, and separated by commas. */
    searchPath: schemas.map(pg.escapeIdentifier).join(', '),
    databaseUrlVar: values['database-url-var'],
  };
}

function checkSettings(values: Partial<typeof DEFAULTS>): void {
  const known = Object.keys(DEFAULTS);
  for (const [key, value] of Object.entries(values)) {
    if (!known.includes(key))
      throw new Error(`it has an unknown key "${key}"; known are ${known.join(', ')}`);
    const kind = typeof DEFAULTS[key as keyof typeof DEFAULTS];
    const items = key === 'schema' && Array.isArray(value) && value.length > 0 ? value : [value];
    if (items.some((item) => typeof item !== kind || item === ''))
      throw new Error(`"${key}" must be ${kind === 'boolean' ? 'true or false' : 'a string'}`);
  }
}
