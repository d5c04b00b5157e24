import type { Migration, Project } from '../project/project.ts';
import { failure } from '../report/errors.ts';
import type { Direction, Problem } from '../report/types.ts';
import { READ_SETTINGS } from '../schema/catalog.ts';
import { compare } from '../schema/compare.ts';
import type { Facts } from '../schema/effects.ts';
import { expectedAt, isKind, isTriggerFunction, merge, partsOf } from '../schema/effects.ts';
import type { Connected } from './context.ts';
import { problemsQuery, type Need } from './problems-query.ts';
import { READ_ONLY } from './session-settings.ts';

/**
 * Refuses a run (Failure `unavailable`) if the server is read-only, a prerequisite is missing, or the role
 * lacks a privilege. Lists all problems at once. Refuses nothing that PostgreSQL would allow, with two
 * exceptions: an object of another role that is as expected, so that `IF NOT EXISTS` would skip it; and a
 * role whose transactions are read-only by default, although they could begin with READ WRITE.
 */
export async function refuseProblems(
  connected: Connected,
  migrations: readonly Migration[],
  { facts, hasTable }: Readonly<{ facts: Facts; hasTable: boolean }>,
): Promise<void> {
  const { command, configuration, connection, direction, options, project, settings } = connected;
  const { tableName } = settings;
  const needs: Need[] = [[tableName, 'SELECT']];
  const addNeeds = (towards: Direction, live: Facts) => {
    const changes = migrations.flatMap((migration) => changesOf(project, migration, live));
    if (towards === 'up') needs.push([tableName, 'INSERT'], ...changes.flatMap(needsToApply));
    else needs.push([tableName, 'DELETE'], ...changes.flatMap(needsToRevert));
  };
  const writes = !options.dryRun && ['up', 'down', 'redo'].includes(command);
  if (writes) addNeeds(direction, facts);
  if (writes && command === 'redo') addNeeds('up', new Map()); // `redo` first removes what `up` creates.
  if (writes && !hasTable) needs.push([tableName, 'CREATE']);
  const query = `${READ_ONLY} ${READ_SETTINGS} ${problemsQuery(needs, writes)}`;
  const problems = (await connection.query(query)).at(-1)?.rows as Problem[];
  if (writes) problems.push(...(await prerequisiteProblems(connected, facts)));
  if (problems.length > 0) throw failure('problems', [problems, configuration.database]);
}

async function prerequisiteProblems({ configuration, project }: Connected, live: Facts) {
  const { database } = configuration;
  const remedy = `load or correct the application's base schema in database ${database}, or correct the database in the URL`;
  const { failing } = await compare(expectedAt(project, 0), live);
  return failing.map(({ object, expected, found }) => {
    const problem = `${object} is ${found ?? 'missing'} (expected ${expected ?? 'nothing'})`;
    return { problem, remedy };
  });
}

/** What the migration changes, object by object. `live` is the schema before the run. */
function changesOf(project: Project, migration: Migration, live: Facts) {
  const all = Object.entries(migration.effect);
  const removals = all.filter(
    ([, patch]) => patch === null || partsOf(patch).flat().includes(null),
  );
  const index = project.migrations.indexOf(migration);
  return all
    .filter(([object]) => !object.startsWith('extension ')) // Each extension has its own rules.
    .map(([object, patch]) => ({
      object,
      patch,
      parts: partsOf(patch),
      found: live.get(object),
      /** True if the migration removes something. A new part may then be a renamed one. */
      mayRename: removals.length > 0,
      /** True if the migration removes something else, too. DROP … CASCADE may then cause this change. */
      mayCascade: removals.some(([other]) => other !== object),
      /** True if the part was expected before the migration. */
      wasExpected: (part: string) => {
        // Only for this object: all objects, for each migration, would fill the memory.
        const earlier = [project.prerequisites, ...project.effects.slice(0, index)];
        const patches = earlier.map(({ [object]: patch = {} }) => ({ [object]: patch }));
        return merge(patches).get(object)?.has(part) ?? false;
      },
    }));
}
type Change = ReturnType<typeof changesOf>[number];

const needsToApply = (change: Change) => [...needsToAlter(change), ...needsToAdd(change)];

/** What `down` needs to undo the change of an object that is there. It may leave a trigger function there. */
function needsToRevert({ object, patch, parts, found, mayCascade, wasExpected }: Change): Need[] {
  const kinds = parts.map(([part]) => part).filter(isKind);
  const isCreated = kinds.some((kind) => !wasExpected(kind));
  // DROP … CASCADE cannot have created the object, but it can have removed parts of it.
  if (!found || isTriggerFunction(patch) || (mayCascade && !isCreated)) return [];
  return [[object, kinds.length > 0 ? 'DROP' : 'OWNER']];
}

/** What `up` needs to change or drop an object that is there. */
function needsToAlter({ object, patch, parts, found, mayCascade }: Change): Need[] {
  if (!found || mayCascade) return [];
  if (patch === null) return [[object, 'DROP']];
  const addsOnlyTriggers = parts.every(([part, added]) => part.startsWith('trigger ') && added);
  return [[object, addsOnlyTriggers ? 'TRIGGER' : 'OWNER']];
}

/** What `up` needs to add an object or its parts. For a part that may be a renamed one, this is nothing. */
function needsToAdd({ object, parts, found, mayRename, wasExpected }: Change): Need[] {
  const needs: Need[] = [];
  for (const [part, definition] of parts) {
    if (definition === null) continue;
    const isMissing = !found?.has(part);
    if (isMissing && isKind(part)) needs.push([object, 'CREATE']); // Renaming an object needs it, too.
    if (mayRename) continue;
    if (isMissing && INDEX.test(definition)) needs.push([object, 'CREATE']);
    const parent = PARENT.exec(definition)?.[1];
    if (isMissing && parent !== undefined) needs.push([parent, 'OWNER']);
    // Even if the foreign key exists already, the migration may drop this foreign key, and create it again.
    const target = REFERENCE.exec(definition)?.[1];
    if (target !== undefined && !wasExpected(part)) needs.push([target, 'REFERENCES']);
  }
  return needs;
}

/** Matches an index, or a constraint that has an index. */
const INDEX = /^(USING|PRIMARY KEY|UNIQUE|EXCLUDE)\b/;
/** Finds the table of which a new table is a partition or a child. */
const PARENT = /^(?:UNLOGGED )?(?:PARTITION OF |INHERITS \()((?:"[^"]*"|[^" ,)])+)/;
/** Finds the table that a foreign key refers to. */
const REFERENCE = /^FOREIGN KEY .* REFERENCES ((?:"[^"]*"|[^"(])+)\(/s;
