import { identifier } from '../project/settings.js';
import { expectedAt, type Migration } from '../project/project.js';
import type { Difference, Problem } from '../report/types.js';
import { compare, schemaOf } from '../schema/compare.js';
import { factsOf, isTriggerFunction } from '../schema/effects.js';
import type { Ownership, State } from '../schema/state.js';
import type { Context } from './context.js';

/**
 * Everything that stands in the way of running these migrations, found without writing anything. It never refuses what
 * PostgreSQL would allow.
 */
export async function findProblems(
  context: Context,
  state: State,
  migrations: readonly Migration[],
): Promise<Problem[]> {
  const { isStandby, isReadOnly, role } = state.server;
  if (isStandby)
    return [
      {
        problem: 'the server is a standby, which accepts no writes',
        remedy: 'connect to the primary server',
      },
    ];
  if (isReadOnly)
    return [
      {
        problem: `transactions of role ${role} are read-only (default_transaction_read_only)`,
        remedy: `ALTER ROLE ${role} SET default_transaction_read_only = off;  -- or connect as a role that may write`,
      },
    ];
  return [
    ...(await missingPrerequisites(context, state)),
    ...missingPrivileges(context, state, migrations),
  ];
}

/** The prerequisites that do not hold; what any effect changes is not asked for, since a legacy file may have done it. */
async function missingPrerequisites(
  { project, configuration }: Context,
  state: State,
): Promise<Problem[]> {
  const { failing } = await compare(expectedAt(project, 0), state.facts);
  const wording = ({ kind, object, expected, found }: Difference): string =>
    kind === 'missing'
      ? `${object} is missing (expected ${expected ?? ''})`
      : `${object} is ${found ?? ''}, expected ${expected ?? ''}`;
  const remedy = `load the application's base schema into database ${configuration.database}, or correct the database in the URL`;
  return failing.map((difference) => ({ problem: wording(difference), remedy }));
}

/** An index is created in the schema of its table, and so is the index of a key. */
const isIndex = (part: string, definition: string): boolean =>
  part.startsWith('index ') ||
  (part.startsWith('constraint ') && /^(?:PRIMARY KEY|UNIQUE|EXCLUDE)\b/.test(definition));

/**
 * The privileges that the role lacks: to own what an effect names and is there, to create in the schemas of what is not
 * there, and to refer to tables of others. A `redo` creates again what it drops, so for it nothing is there.
 */
function missingPrivileges(
  context: Context,
  state: State,
  migrations: readonly Migration[],
): Problem[] {
  const { settings, command } = context;
  const { server, owners, schemas, facts } = state;
  const { role } = server;
  const named = migrations
    .flatMap(({ effect }) => factsOf(effect))
    .filter(([object]) => !object.startsWith('extension '));
  const objects = new Set([
    ...named.map(([object]) => object),
    ...migrations.flatMap(({ effect }) => Object.keys(effect)),
  ]);
  const isShared = (object: string): boolean =>
    named.some(([name, , definition]) => name === object && isTriggerFunction(definition)) &&
    context.direction === 'down';
  const foreign = [...objects].flatMap((object) => {
    const owner = owners.get(object);
    return owner === undefined || owner.owns || object.startsWith('extension ') || isShared(object)
      ? []
      : [owner];
  });
  const isNew = ([object, part, definition]: (typeof named)[number]): boolean => {
    if (definition === null) return false;
    const isThere = command !== 'redo' && owners.has(object);
    return !isThere || (isIndex(part, definition) && facts.get(object)?.has(part) !== true);
  };
  const creating = new Set(named.filter(isNew).map(([object]) => plainSchema(object)));
  if (state.table === undefined) creating.add(settings.migrationsSchema);
  const using = new Set([...objects].map(plainSchema));
  const referenced = [...owners.values()].filter(
    ({ object, mayReference }) =>
      mayReference === false &&
      !objects.has(object) &&
      named.some(([, , definition]) => definition?.includes(`REFERENCES ${object}(`)),
  );
  return [
    ...schemaProblems(context, state, creating, using),
    ...foreign.map((owner) => ownerProblem(role, owner)),
    ...tableProblems(context, state),
    ...referenced.map(({ object }) => ({
      problem: `role ${role} may not refer to ${object}`,
      remedy: `GRANT REFERENCES ON ${object} TO ${role};`,
    })),
  ].filter(
    ({ problem }, index, all) =>
      all.findIndex((other) => other.problem === problem) === index && schemas.size >= 0,
  );
}

/** A schema that is missing is for a migration to create; but nobody creates that of the migrations table. */
function schemaProblems(
  { settings }: Context,
  { schemas, server }: State,
  creating: ReadonlySet<string>,
  using: ReadonlySet<string>,
): Problem[] {
  const { migrationsSchema } = settings;
  const role = server.role;
  const missing = schemas.has(migrationsSchema)
    ? []
    : [
        {
          problem: `schema ${identifier(migrationsSchema)} is missing`,
          remedy: `CREATE SCHEMA ${identifier(migrationsSchema)} AUTHORIZATION ${role};`,
        },
      ];
  const lacking = [...new Set([...creating, ...using])].flatMap((schema): Problem[] => {
    const { canUse = true, canCreate = true } = schemas.get(schema) ?? {};
    if (canUse && (canCreate || !creating.has(schema))) return [];
    const [verb, rights] = creating.has(schema)
      ? ['create objects in', 'USAGE, CREATE']
      : ['use', 'USAGE'];
    return [
      {
        problem: `role ${role} may not ${verb} schema ${identifier(schema)}`,
        remedy: `GRANT ${rights} ON SCHEMA ${identifier(schema)} TO ${role};`,
      },
    ];
  });
  return [...missing, ...lacking];
}

function ownerProblem(role: string, { object, owner, isMember, isSuperuser }: Ownership): Problem {
  const kind = /^(function|type|domain|sequence) /.exec(object)?.[1] ?? 'table';
  const name = object.replace(/^[a-z]+ /, '');
  const isMine = isMember ? `, of which ${role} is a member that does not inherit` : '';
  const grant = isMember
    ? `GRANT ${owner} TO ${role} WITH INHERIT TRUE;  -- before PostgreSQL 16:  ALTER ROLE ${role} INHERIT;`
    : `GRANT ${owner} TO ${role};`;
  return {
    problem: `role ${role} does not own ${kind} ${name}; its owner is ${owner}${isMine}`,
    remedy: isSuperuser ? `ALTER ${kind.toUpperCase()} ${name} OWNER TO ${role};` : grant,
  };
}

/** What the role lacks on the migrations table. Where it may not read it, its rows are unknown, and nothing can be done. */
export function tableProblems({ settings }: Context, { server, table, schemas }: State): Problem[] {
  const { role } = server;
  if (table === undefined || (table.canRead && (table.canWrite || table.owns))) return [];
  const name = settings.tableName;
  if (table.hidesRows)
    return [
      {
        problem: `row security hides rows of ${name} from role ${role}`,
        remedy: `ALTER ROLE ${role} BYPASSRLS;  -- or:  ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY;`,
      },
    ];
  if (table.canRead) return [{ ...ownerProblem(role, { ...table, object: name }) }];
  const schema = identifier(settings.migrationsSchema);
  const isHidden = schemas.get(settings.migrationsSchema)?.canUse === false;
  const usage = isHidden ? `GRANT USAGE ON SCHEMA ${schema} TO ${role}; ` : '';
  return [
    {
      problem: `role ${role} may not read ${name}${isHidden ? ', nor use its schema' : ''}`,
      remedy: `${usage}GRANT SELECT ON ${name} TO ${role};`,
    },
  ];
}

/** The schema of an object, without quotes. */
function plainSchema(object: string): string {
  const schema = schemaOf(object);
  return schema.startsWith('"') ? schema.slice(1, -1).replaceAll('""', '"') : schema;
}
