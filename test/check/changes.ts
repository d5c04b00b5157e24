import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { call, report } from '../support/call.ts';
import { makeDatabase, type Database } from '../support/database.ts';
import { emptyProject, sqlStep, write } from '../support/project.ts';
import { lineOf, type Case } from './cases.ts';

/** Migrates a database by a project with this SQL. Throws if a check fails, otherwise calls `use`. */
export async function withMigrated<T>(
  sql: string,
  use: (database: Database, root: string) => Promise<T>,
): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'migrate-check-'));
  write(root, { ...emptyProject, ...sqlStep('0001_make', {}, sql) });
  const database = await makeDatabase(inject('server').url);
  try {
    for (const argv of [['snapshot'], ['up', '--strict'], ['check', '--strict']]) {
      const { code, stdout, stderr } = await call(argv, { url: database.url, root });
      if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    }
    return await use(database, root);
  } finally {
    await database.drop();
    rmSync(root, { recursive: true, force: true });
  }
}

/** The differences that `check --strict` finds, as {@link lineOf} writes them. */
export async function differencesIn(database: Database, root: string): Promise<string[]> {
  const options = { url: database.url, root };
  const { exitCode, differences, error } = await report('check --strict', options);
  if (exitCode !== (differences.length === 0 ? 0 : 6))
    throw new Error(`exit code ${exitCode}: ${error?.message ?? ''}`);
  return differences.map(lineOf);
}

/** True if a case needs a database of its own, since its SQL affects more than one schema. */
export const needsOwnDatabase = ({ make, change }: Case): boolean =>
  /\b(SCHEMA|EXTENSION|SERVER|DATABASE|EVENT|PRIVILEGES)\b|public\./i.test(make + change);

/** The SQL of each case, which first selects a schema for that case: `case_0`, `case_1` and so on. */
export const inSchemas = (cases: readonly Case[], sqlOf: (one: Case) => string) =>
  cases.map((one, index) => `SET search_path = case_${index}; ${sqlOf(one)};`);

/** SQL that creates the objects of all cases, each in its own schema. */
export const migrationOf = (cases: readonly Case[]): string =>
  [
    ...cases.map((_, index) => `CREATE SCHEMA case_${index};`),
    ...inSchemas(cases, ({ make }) => make),
  ].join('\n');

/**
 * Makes the changes of these cases. Most cases share one database. Returns for each case the differences
 * that the check finds, and whether the dumps are equal.
 *
 * @param usesDump true to compare with pg_dump, which is slow; otherwise, `dumpIsEqual` is undefined
 */
export async function outcomesOf(cases: readonly Case[], usesDump = false) {
  const dump = async (database: Database) =>
    usesDump ? (await database.dump({ without: ['pgmigrations'] })).split('\n\n') : undefined;
  const sharing = cases.filter((one) => !needsOwnDatabase(one));
  const outcomes = await Promise.all([
    ...(sharing.length > 0 ? [outcomesInOneDatabase(sharing, dump)] : []),
    ...cases.filter(needsOwnDatabase).map((one) => outcomeInOwnDatabase(one, dump)),
  ]);
  return new Map(outcomes.flatMap((each) => [...each]));
}

type Dump = (database: Database) => Promise<string[] | undefined>;

async function outcomesInOneDatabase(cases: readonly Case[], dump: Dump) {
  const changes = inSchemas(cases, (one) => one.change);
  const [before, after, found] = await migrateAndChange(migrationOf(cases), changes, dump);
  const outcomes = cases.map((one, index) => {
    const dumpIsEqual = isEqual(before, after, `case_${index}.`);
    return [one, { differences: inPublic(found, index), dumpIsEqual }] as const;
  });
  return new Map(outcomes);
}

async function outcomeInOwnDatabase(one: Case, dump: Dump) {
  const [before, after, differences] = await migrateAndChange(one.make, [one.change], dump);
  return new Map([[one, { differences, dumpIsEqual: isEqual(before, after, '') }]]);
}

/** Migrates a database, and changes it. Returns the dumps before and after, and the differences. */
const migrateAndChange = (make: string, changes: readonly string[], dump: Dump) =>
  withMigrated(make, async (database, root) => {
    const before = await dump(database);
    for (const change of changes) await database.query(change);
    return [before, await dump(database), await differencesIn(database, root)] as const;
  });

/** The differences in the schema of a case, written as if that schema were `public`. */
export const inPublic = (texts: readonly string[], index: number): string[] =>
  texts
    .filter((text) => text.includes(`case_${index}.`))
    .map((text) => text.replaceAll(`case_${index}.`, 'public.'));

/** True if the statements that contain this text are the same in both dumps; undefined without dumps. */
function isEqual(
  before: readonly string[] | undefined,
  after: readonly string[] | undefined,
  text: string,
): boolean | undefined {
  const own = (statements: readonly string[]) =>
    statements.filter((statement) => statement.includes(text)).join();
  return before && after && own(before) === own(after);
}
