import type { Migration, Project } from '../project/project.ts';
import { failure } from '../report/errors.ts';
import type { Direction, Problem } from '../report/types.ts';
import { READ_SETTINGS } from '../schema/catalog.ts';
import { compare } from '../schema/compare.ts';
import { expectedAt, isKind, isTriggerFunction, partsOf, type Facts } from '../schema/effects.ts';
import type { Connected } from './context.ts';
import { problemsQuery, type Need } from './problems-query.ts';
import { READ_ONLY } from './session-settings.ts';

/**
 * Refuses a run (Failure `unavailable`) if the server is read-only, a prerequisite is missing, or the role
 * lacks a privilege. Lists all problems at once. Refuses nothing that PostgreSQL would allow, except this: an
 * object belongs to another role, but is as expected already, so that `IF NOT EXISTS` would skip it.
 */
export async function refuseProblems(
  connected: Connected,
  migrations: readonly Migration[],
  { facts, hasTable }: Readonly<{ facts: Facts; hasTable: boolean }>,
): Promise<void> {
  const { command, configuration, connection, direction, options, project, settings } = connected;
  const { tableName } = settings;
  const needs: Need[] = [[tableName, 'SELECT']];
  const add = (towards: Direction, live: Facts) => {
    needs.push([tableName, towards === 'up' ? 'INSERT' : 'DELETE']);
    needs.push(...migrations.flatMap((migration) => needsOf(project, migration, towards, live)));
  };
  const writes = !options.dryRun && ['up', 'down', 'redo'].includes(command);
  if (writes) add(direction, facts);
  if (writes && command === 'redo') add('up', new Map()); // `redo` first removes what `up` creates.
  if (writes && !hasTable) needs.push([tableName, 'CREATE']);
  const query = `${READ_ONLY} ${READ_SETTINGS} ${problemsQuery(needs, writes)}`;
  const problems = (await connection.query(query)).at(-1)?.rows as Problem[];
  const { database } = configuration;
  const remedy = `load or mend the application's base schema in database ${database}, or correct the database in the URL`;
  const lacking = writes ? (await compare(expectedAt(project, 0), facts)).failing : [];
  for (const { object, expected, found } of lacking) {
    const problem = `${object} is ${found ?? 'missing'} (expected ${expected ?? 'nothing'})`;
    problems.push({ problem, remedy });
  }
  if (problems.length > 0) throw failure('problems', [problems, database]);
}

/**
 * The rights that a migration needs, except on extensions. `live` is the schema before the run. If the effect
 * removes something, its other changes may be consequences, such as those of DROP … CASCADE, and a new part
 * may be a renamed one: neither needs a right of its own.
 */
function needsOf(project: Project, migration: Migration, direction: Direction, live: Facts) {
  const needs: Need[] = [];
  const changes = Object.entries(migration.effect);
  /** The objects that the effect removes, or of which it removes a part. */
  const removed = changes
    .filter(([, patch]) => patch === null || partsOf(patch).some(([, text]) => text === null))
    .map(([object]) => object);
  let expected: Facts | undefined; // Computed once, and only if it is needed.
  /** The schema that is expected before the migration. */
  const before = () =>
    (expected ??= expectedAt(project, project.migrations.indexOf(migration)).facts);
  for (const [object, patch] of changes) {
    if (object.startsWith('extension ')) continue;
    const parts = partsOf(patch);
    const isThere = live.has(object);
    const mayCascade = removed.some((other) => other !== object);
    if (direction === 'down') {
      const kinds = parts.map(([part]) => part).filter(isKind);
      const isCreated = kinds.some((kind) => !before().get(object)?.has(kind));
      const mayStay = isTriggerFunction(patch) || (mayCascade && !isCreated);
      if (isThere && !mayStay) needs.push([object, kinds.length > 0 ? 'DROP' : 'OWNER']);
      continue;
    }
    // If the object is there, `up` changes or drops it. Otherwise, `up` creates it (below).
    const addsOnlyTriggers = parts.every(([part, text]) => part.startsWith('trigger ') && text);
    const right = addsOnlyTriggers ? 'TRIGGER' : 'OWNER';
    if (isThere && !mayCascade) needs.push([object, patch === null ? 'DROP' : right]);
    for (const [part, text] of parts) {
      if (text === null) continue;
      const isMissing = !live.get(object)?.has(part);
      if (isMissing && isKind(part)) needs.push([object, 'CREATE']); // Renaming an object needs it, too.
      if (removed.length > 0) continue;
      if (isMissing && INDEX.test(text)) needs.push([object, 'CREATE']);
      const parent = PARENT.exec(text)?.[1];
      if (isMissing && parent !== undefined) needs.push([parent, 'OWNER']);
      // Even if the foreign key exists already, the migration may drop it, and create it again.
      const target = REFERENCE.exec(text)?.[1];
      const isKnown = () => before().get(object)?.has(part);
      if (target !== undefined && !isKnown()) needs.push([target, 'REFERENCES']);
    }
  }
  return needs;
}

/** Matches an index, or a constraint that has an index. */
const INDEX = /^(USING|PRIMARY KEY|UNIQUE|EXCLUDE)\b/;
/** The table of which a new table is a partition or a child, and the table that a foreign key refers to. */
const PARENT = /^(?:UNLOGGED )?(?:PARTITION OF |INHERITS \()((?:"[^"]+"|[^" ,)])+)/;
const REFERENCE = /^FOREIGN KEY .* REFERENCES ((?:"[^"]+"|[^"(])+)\(/s;
