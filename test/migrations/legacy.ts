import { fixture, type Database } from '../support/database.ts';

/** Files that stand for the legacy files. 004 refers to a table of 009, so 009 must run before it. */
export const legacyFiles = [
  '000_create_migrations_table.sql',
  '009_agent_templates_v2.sql',
  '004_create_user_workflows_table.sql',
] as const;
type LegacyFile = (typeof legacyFiles)[number];

export const legacySql = (file: LegacyFile): string => fixture(`legacy/${file}`);

/**
 * Runs legacy files as one of the two legacy runners did. Both go on after a failure. If the legacy ledger
 * exists, they record there the files that succeed.
 *
 * @param how `files`: each file is one query, and so one transaction; `statements`: each statement is a query
 * @returns the files that failed
 */
export async function runLegacy(
  database: Database,
  files: readonly LegacyFile[] = legacyFiles,
  how: 'files' | 'statements' = 'files',
): Promise<LegacyFile[]> {
  const failed = new Set<LegacyFile>();
  const session = await database.connect();
  for (const file of files) {
    const parts = how === 'files' ? [legacySql(file)] : statementsOf(legacySql(file));
    for (const sql of parts) await session.query(sql).catch(() => failed.add(file));
    if (!failed.has(file)) await recordInLedger(database, [file]);
  }
  await session.end();
  return [...failed];
}

/** Records files in the legacy ledger, if it exists, even if they did not run. */
export const recordInLedger = (
  database: Database,
  files: readonly LegacyFile[],
): Promise<unknown> =>
  database.query(`DO $$ BEGIN IF to_regclass('public.migrations') IS NOT NULL THEN
    INSERT INTO migrations (filename) VALUES ${files.map((file) => `('${file}')`).join(', ')}
      ON CONFLICT DO NOTHING;
  END IF; END $$`);

/** The statements of a file. Each ends with a semicolon at the end of a line that is not between two `$$`. */
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
