import { identifier, type Access, type Owned } from './database/access.js';
import type { Inspection } from './database/inspect.js';
import type { Migration, Project } from './project.js';
import type { Obstacle } from './report/events.js';
import { compare, type Difference } from './schema/compare.js';
import { createsTable, expectation } from './schema/effects.js';
import { mentions, objectId, objectsOf, type Mention, type Patch, type Schema, type Section } from './schema/model.js';

/** What is there, by its id. */
type Objects = ReturnType<typeof objectsOf>;

/**
 * All that stands in the way of running these migrations, found without writing anything: a server that takes no writes,
 * prerequisites that do not hold, privileges that the role does not have.
 *
 * @param again whether they are to be made anew, too, when they are gone: in a `redo`
 */
export function obstacles(
  project: Project,
  inspection: Inspection,
  migrations: readonly Migration[],
  again = false,
): Obstacle[] {
  const { access } = inspection;
  if (access.recovery)
    return [{ problem: 'the server is a standby: it takes no writes', remedy: 'connect to the primary' }];
  if (access.readOnly)
    return [
      {
        problem: `transactions of role ${access.role} are read-only here (default_transaction_read_only)`,
        remedy: 'connect as a role that may write, or to a server that takes writes',
      },
    ];
  const there = objectsOf(inspection.live);
  const unmet = unmetPrerequisites(project, inspection.live, there).map((difference) => ({
    problem: `${difference.object} ${difference.kind === 'missing' ? `is missing${difference.expected === null || difference.object.startsWith(difference.expected) ? '' : ` (${difference.expected})`}` : `is ${difference.found ?? ''}, not ${difference.expected ?? ''}`}`,
    remedy: `load the application's base schema into database ${access.database}, or see whether the URL names the right one`,
  }));
  return [...unmet, ...missingPrivileges(project, access, there, migrations, again)];
}

/**
 * The prerequisites that do not hold. What any effect changes or removes is not asked for (this run or a legacy file may
 * have done it already), and a constraint may have any name.
 */
function unmetPrerequisites({ prerequisites, migrations }: Project, live: Schema, there: Objects): Difference[] {
  const definitions = new Set([...there.values()].map(({ key, part, state }) => JSON.stringify([key, part, state])));
  const changes = migrations.flatMap(({ effect }) => mentions(effect));
  const asked = mentions(prerequisites).flatMap(({ section, key, part, name = '', id, value }): Patch[] => {
    const isElsewhere = part === 'constraints' && definitions.has(JSON.stringify([key, part, value]));
    const said = changes.filter((change) => change.id === id).map((change) => change.value);
    const isGone = changes.some((change) => change.value === null && [id, objectId(section, key)].includes(change.id));
    if (isElsewhere || isGone || (typeof value === 'string' && said.length > 0)) return [];
    const isChanged = (attribute: string) =>
      said.some((other) => typeof other === 'object' && attribute in (other ?? {}));
    const left =
      typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).filter(([k, v]) => typeof v !== 'object' && !isChanged(k)))
        : value;
    return [{ [section]: { [key]: part === undefined ? left : { [part]: { [name]: left } } } }];
  });
  const wanted = expectation({}, asked);
  const partial = new Map([...wanted.named].map((id) => [id, new Set<string>()]));
  return [...compare({ ...wanted, owned: new Set(), partial }, live).failing];
}

/** A role need not be a superuser: it must own what it changes, and may create and refer to what it has to. */
function missingPrivileges(
  project: Project,
  { role, owned, schemas, ledger }: Access,
  there: Objects,
  migrations: readonly Migration[],
  again: boolean,
): Obstacle[] {
  const { ledgerName, migrationsSchema } = project.settings;
  const all = migrations.flatMap(({ effect }) => mentions(effect));
  const keysOf = (wanted: Section) => [
    ...new Set(all.filter(({ section }) => section === wanted).map(({ key }) => key)),
  ];
  const prerequisites = [...new Set(mentions(project.prerequisites).map(({ key }) => key))];
  // An index is a relation of its own, and so is what a primary key or a unique constraint stands on.
  const isIndex = ({ part, value }: Mention) =>
    part === 'constraints'
      ? typeof value === 'string' && /^(?:PRIMARY KEY|UNIQUE|EXCLUDE)\b/.test(value)
      : part === 'indexes' && value !== null;
  const isNew = (mention: Mention) =>
    mention.section !== 'tables' || createsTable(mention)
      ? again || !(mention.key in owned)
      : isIndex(mention) && (again || !there.has(mention.id));
  const creating = new Set(
    all.filter(isNew).map(({ key, section }) => (section === 'extensions' ? 'public' : spaceOf(key))),
  );
  if (ledger === null) creating.add(migrationsSchema);
  const using = new Set([...prerequisites, ...keysOf('tables')].map(spaceOf));
  const owner = (kind: string, key: string, { owner: holder, isSuperuser, granted }: Owned): Obstacle => ({
    problem: `role ${role} does not own ${key} (${holder} does${granted ? ', whose rights it was granted but does not inherit' : ''})`,
    remedy: isSuperuser
      ? `ALTER ${kind} ${key} OWNER TO ${role};`
      : granted
        ? `GRANT ${holder} TO ${role} WITH INHERIT TRUE;  -- before PostgreSQL 16:  ALTER ROLE ${role} INHERIT;`
        : `GRANT ${holder} TO ${role};`,
  });
  const foreign = (kind: string, keys: readonly string[]) =>
    keys.flatMap((key) => (owned[key]?.member === false ? [owner(kind, key, owned[key])] : []));
  return [
    // A schema that is not there is for a migration to make; but nobody makes that of the migrations table.
    ...(schemas[migrationsSchema] === undefined
      ? [
          {
            problem: `schema ${migrationsSchema} is missing`,
            remedy: `CREATE SCHEMA ${identifier(migrationsSchema)} AUTHORIZATION ${role};`,
          },
        ]
      : []),
    ...[...new Set([...creating, ...using])].flatMap((space): Obstacle[] => {
      const { usage = true, create = true } = schemas[space] ?? {};
      if (usage && (create || !creating.has(space))) return [];
      const rights = creating.has(space) ? 'USAGE, CREATE' : 'USAGE';
      const problem = `role ${role} may not ${creating.has(space) ? 'create in' : 'use'} schema ${space}`;
      return [{ problem, remedy: `GRANT ${rights} ON SCHEMA ${identifier(space)} TO ${role};` }];
    }),
    ...foreign('TABLE', keysOf('tables')),
    ...foreign('FUNCTION', keysOf('functions')),
    ...(ledger !== null && !ledger.member && !(ledger.read && ledger.write && ledger.hashed)
      ? [owner('TABLE', ledgerName, ledger)]
      : []),
    ...prerequisites
      .filter((key) => !keysOf('tables').includes(key) && owned[key]?.references === false)
      .map((key) => ({
        problem: `role ${role} may not refer to ${key}`,
        remedy: `GRANT REFERENCES ON ${key} TO ${role};`,
      })),
  ];
}

/** The schema in a qualified name, without its quotes. */
const spaceOf = (key: string): string => {
  const quoted = /^"((?:[^"]|"")*)"\./.exec(key)?.[1];
  return quoted === undefined ? key.slice(0, key.indexOf('.')) : quoted.replaceAll('""', '"');
};
