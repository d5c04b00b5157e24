import { fixture, type Database } from '../support/database.js';

/** The stand-ins for the legacy files, in the order in which they work; their numbers say another one. */
export const legacyFiles = [
  '000_create_migrations_table.sql',
  '009_agent_templates_v2.sql',
  '004_create_user_workflows_table.sql',
] as const;
export type LegacyFile = (typeof legacyFiles)[number];

/** The text of a legacy file's stand-in. */
export const legacySql = (file: LegacyFile): string => fixture(`legacy/${file}`);

export interface LegacyRun {
  /** Files that failed, and the SQLSTATE of each. */
  readonly failed: readonly { readonly file: string; readonly sqlstate: string }[];
}

/**
 * Stands in for the legacy runner that went on after a failed file: each file is one query (and so one transaction), and
 * those that succeeded are written into the legacy ledger, where there is one.
 *
 * @param how `statements` stands in for the other: each statement on its own, and on to the next when one fails
 */
export async function runLegacy(
  database: Database,
  files: readonly LegacyFile[] = legacyFiles,
  how: 'files' | 'statements' = 'files',
): Promise<LegacyRun> {
  const failed: { file: string; sqlstate: string }[] = [];
  const session = await database.connect();
  for (const file of files) {
    let sqlstate: string | undefined;
    for (const sql of how === 'files' ? [legacySql(file)] : statementsOf(legacySql(file)))
      await session.query(sql).catch((error: unknown) => (sqlstate ??= (error as { code: string }).code));
    if (sqlstate === undefined) await record(database, file);
    else failed.push({ file, sqlstate });
  }
  await session.end();
  return { failed };
}

/** Writes files into the legacy ledger, whether they ran or not. */
export async function claim(database: Database, files: readonly LegacyFile[]): Promise<void> {
  for (const file of files) await record(database, file);
}

async function record(database: Database, file: string) {
  await database.query(`DO $$ BEGIN IF to_regclass('public.migrations') IS NOT NULL THEN
    INSERT INTO migrations (filename) VALUES ('${file}') ON CONFLICT DO NOTHING; END IF; END $$`);
}

/** The statements of a file, in order. A semicolon ends one at the end of its line, but not between two `$$`. */
export function statementsOf(sql: string): string[] {
  const statements: string[] = [];
  let statement = '';
  for (const line of sql.replaceAll(/^--.*\n/gm, '').split('\n')) {
    statement += `${line}\n`;
    const isInBody = (statement.split('$$').length - 1) % 2 === 1;
    if (!line.trimEnd().endsWith(';') || isInBody) continue;
    statements.push(statement.trim());
    statement = '';
  }
  if (statement.trim() !== '') throw new Error(`a statement has no end: ${statement}`);
  return statements;
}
