import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import pg from 'pg';
import { failure, orRefuse } from './errors.js';
import { closest } from './cli/closest.js';

/** The file with the settings, the same that node-pg-migrate's own CLI reads with `-f`. */
const SETTINGS_FILE = '.node-pg-migraterc.json';

/** Whether this program runs as `dist/scripts/migrate.js`. */
export const isCompiled = !import.meta.filename.endsWith('.ts');

/** What the project is, apart from its database. Paths are absolute. */
export interface Settings {
  readonly root: string;
  readonly migrationsDir: string;
  /** What `npm run build` made of migrations and effects, for the compiled program. */
  readonly bundle: string | undefined;
  readonly effectsDir: string;
  readonly template: string;
  /** Loaded into the database that `snapshot` makes, before the first migration. */
  readonly baseSchema: string;
  readonly migrationsSchema: string;
  readonly migrationsTable: string;
  /** The migrations table as SQL names it, quoted. */
  readonly ledgerName: string;
  /** What migrations find names in, as SQL: the framework's `schema`, and temporary tables last. */
  readonly searchPath: string;
  readonly databaseUrlVar: string;
}

type Kind = 'strings' | 'boolean' | 'name';
/** The framework's keys that mean something here, and their kinds; `name`s may not be empty. */
const KEYS: Readonly<Record<string, Kind>> = {
  'migrations-dir': 'name',
  'migrations-table': 'name',
  'migrations-schema': 'name',
  schema: 'strings',
  'database-url-var': 'name',
  'template-file-name': 'name',
  'migration-file-language': 'name',
  'migration-filename-format': 'name',
  'check-order': 'boolean',
  verbose: 'boolean',
};

/**
 * Reads the settings file of the project in `root`, and its `.env`, which never overrides what is set.
 *
 * @throws Failure `usage` with the key, or the line and column, that is wrong
 */
export function readSettings(root: string, env: NodeJS.ProcessEnv): Settings {
  const read = () => readFileSync(join(root, SETTINGS_FILE), 'utf8');
  const values = parseSettings(orRefuse('settings-missing', root, read, SETTINGS_FILE));
  loadDotenv({ path: join(root, '.env'), processEnv: env, quiet: true });
  const text = (key: string, otherwise: string) => (values[key] as string | undefined) ?? otherwise;
  const dir = text('migrations-dir', 'migrations');
  const migrationsDir = resolve(root, dir);
  const bundle = resolve(root, 'dist', dir, 'index.mjs');
  const schemas = [values['schema'] ?? 'public'].flat() as string[];
  const migrationsSchema = text('migrations-schema', schemas[0] ?? 'public');
  const migrationsTable = text('migrations-table', 'pgmigrations');
  return {
    root,
    migrationsDir,
    bundle: isCompiled && existsSync(bundle) ? bundle : undefined,
    effectsDir: join(migrationsDir, 'schema'),
    template: resolve(root, text('template-file-name', 'scripts/template.ts')),
    baseSchema: join(root, 'test', 'fixtures', 'base-schema.sql'),
    migrationsSchema,
    migrationsTable,
    ledgerName: `${pg.escapeIdentifier(migrationsSchema)}.${pg.escapeIdentifier(migrationsTable)}`,
    searchPath: [...schemas, 'pg_temp'].map((schema) => pg.escapeIdentifier(schema)).join(', '),
    databaseUrlVar: text('database-url-var', 'DATABASE_URL'),
  };
}

function parseSettings(text: string): Record<string, unknown> {
  const values = parseJson(text, SETTINGS_FILE, 'settings-broken');
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw failure('usage', 'settings-broken', [SETTINGS_FILE, 'it is not an object', ''], { file: SETTINGS_FILE });
  for (const [key, value] of Object.entries(values)) {
    const kind = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (kind === undefined)
      throw failure('usage', 'settings-key', [key, closest(key, Object.keys(KEYS))], { file: SETTINGS_FILE });
    if (!isOfKind(value, kind)) throw failure('usage', 'settings-value', [key, kind], { file: SETTINGS_FILE });
  }
  return values as Record<string, unknown>;
}

function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === 'boolean') return typeof value === 'boolean';
  const isName = (item: unknown) => typeof item === 'string' && item !== '';
  return kind === 'strings' && Array.isArray(value) ? value.length > 0 && value.every(isName) : isName(value);
}

/**
 * `JSON.parse`, with the place of the mistake. A key that stands twice in one object is one as well.
 *
 * @param isMade whether a program wrote it, for whose keys nobody needs to look
 * @throws Failure `usage` with line and column
 */
export function parseJson(
  text: string,
  file: string,
  code: 'settings-broken' | 'effect-broken',
  isMade = false,
): unknown {
  const refuse = (reason: string, position: number, cause?: unknown): never => {
    const lines = text.slice(0, position).split('\n');
    const place = `:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
    throw failure('usage', code, [file, reason, place], { file, cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    const position = /at position (\d+)/.exec(message)?.[1] ?? text.length;
    refuse(message.replace(/ in JSON at position.*| \(line .*/s, ''), Number(position), cause);
  }
  const twice = isMade ? undefined : keyGivenTwice(text);
  if (twice !== undefined) refuse(`${twice.key} stands twice in one object`, twice.position);
  return value;
}

const KEY_OR_BRACE = /("[^"\\]*(?:\\.[^"\\]*)*")\s*:|"[^"\\]*(?:\\.[^"\\]*)*"|[{}]/g;

/** Of two values of one key `JSON.parse` keeps the last, in silence: a merge of two branches may leave both behind. */
function keyGivenTwice(text: string): { readonly key: string; readonly position: number } | undefined {
  const open: Set<string>[] = [];
  for (const { 0: token, 1: key, index } of text.matchAll(KEY_OR_BRACE)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (key !== undefined) {
      if (open.at(-1)?.has(key)) return { key, position: index };
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}
