import pg from 'pg';
import type { Connection } from '../database/connection.ts';
import { expectedAt, type Migration } from '../project/project.ts';
import { failure } from '../report/errors.ts';
import type { Problem } from '../report/types.ts';
import { READ_SETTINGS, wantedObjects } from '../schema/catalog.ts';
import { compare, schemaOf } from '../schema/compare.ts';
import {
  factsOf,
  isKind,
  isTriggerFunction,
  partsOf,
  type Effect,
  type Facts,
} from '../schema/effects.ts';
import type { Context } from './context.ts';

/**
 * Refuses a run if the server is read-only, a prerequisite is missing, or the role lacks a privilege. Lists
 * all problems at once. What PostgreSQL would allow is never refused.
 *
 * @param facts the live schema; without it, the prerequisites are not compared
 * @throws Failure `unavailable`
 */
export async function refuseProblems(
  connection: Connection,
  context: Context,
  migrations: readonly Migration[],
  facts?: Facts,
): Promise<void> {
  const { database } = context.configuration;
  const results = await connection.query(
    `BEGIN READ ONLY; ${READ_SETTINGS} ${problemsQuery(context, migrations)}; COMMIT`,
  );
  const problems = results.at(-2)?.rows as Problem[];
  if (facts !== undefined) problems.push(...(await missingPrerequisites(context, facts)));
  if (problems.length > 0) throw failure('problems', [problems, database]);
}

/** The prerequisites that the live schema lacks. Those that a migration changes are not compared. */
async function missingPrerequisites(
  { project, configuration }: Context,
  facts: Facts,
): Promise<Problem[]> {
  const { failing } = await compare(expectedAt(project, 0), facts);
  const remedy = `load the application's base schema into database ${configuration.database}, or correct the database in the URL`;
  return failing.map(({ object, expected, found }) => ({
    problem: `${object} ${found === null ? 'is missing' : `is ${found}`} (expected ${expected ?? ''})`,
    remedy,
  }));
}

/**
 * What the role must be allowed to do with the objects that an effect names.
 * - `creates`: the object is created, unless it is there
 * - `drops`: the object is dropped, which the owner of its schema may do as well
 * - `right`: what the role needs if the object is there: to be its `owner`, the privilege TRIGGER, or nothing
 */
function needsOf(effect: Effect, isDown: boolean) {
  const removed = isDown ? [] : Object.keys(effect).filter((object) => removes(effect[object]));
  return Object.entries(effect).flatMap(([object, patch]) => {
    if (object.startsWith('extension ')) return [];
    const parts = partsOf(patch);
    const added = parts.filter(([, text]) => text !== null);
    const drops = isDown ? parts.some(([part]) => isKind(part)) : patch === null;
    const stays = isDown && parts.some(([, text]) => isTriggerFunction(text));
    // To drop or rename an object, the role need not own what depends on it.
    const depends = removed.length > (drops ? 1 : 0) && (drops || !removes(patch));
    const triggers = added.filter(([part]) => part.startsWith('trigger '));
    let right = 'owner';
    if (stays || depends) right = '';
    else if (triggers.length > 0 && triggers.length === parts.length && !isDown) right = 'TRIGGER';
    // To create an index, or a key (which has an index), the role needs CREATE on the schema.
    const indexes = added
      .filter(([part, text]) => part.startsWith('index ') || KEY.test(text ?? ''))
      .map(([part]) => `index ${schemaOf(object)}.${part.replace(/^\w+ /, '')}`);
    const creates = removed.length === 0;
    return [
      { object, creates: patch !== null, drops, right },
      ...indexes.map((index) => ({ object: index, creates, drops: true, right: '' })),
    ];
  });
}

const KEY = /^(PRIMARY KEY|UNIQUE|EXCLUDE)/;

/** Whether an effect removes this object or a part of it. */
const removes = (patch: Effect[string] | undefined) =>
  patch === null || partsOf(patch).some(([, text]) => text === null);

const OWNER = 'coalesce(c.relowner, p.proowner, t.typowner)';

/** The query for the problems. Its rows: `problem` and `remedy`. */
function problemsQuery(context: Context, migrations: readonly Migration[]): string {
  const { settings, project, command, options } = context;
  const writes = !options.dryRun && ['up', 'down', 'redo'].includes(command);
  const isDown = context.direction === 'down';
  const needs = writes ? migrations.flatMap(({ effect }) => needsOf(effect, isDown)) : [];
  const facts = migrations.flatMap(({ effect }) => factsOf(effect));
  const definitions = facts.map(([, , text]) => text).join('\n');
  const referenced = project.objects.filter((object) =>
    definitions.includes(`REFERENCES ${object}(`),
  );
  const [schema, table] = [settings.migrationsSchema, settings.migrationsTable].map((name) =>
    pg.escapeLiteral(name),
  );
  const [needed, references] = [needs, writes ? referenced : []].map((value) =>
    pg.escapeLiteral(JSON.stringify(value)),
  );
  const named = [...new Set([...needs.map(({ object }) => object), ...referenced])];
  const inserts = writes && (command === 'redo' || !isDown);
  const deletes = writes && (command === 'redo' || isDown);
  const rights = ['SELECT', ...(inserts ? ['INSERT'] : []), ...(deletes ? ['DELETE'] : [])];
  return `${wantedObjects(named)},
  need AS (SELECT *, (parse_ident(regexp_replace(object, '^[a-z]+ ', ''), false))[1]::name AS space
    FROM json_to_recordset(${needed}) AS n(object text, creates boolean, drops boolean, "right" text)),
  existing AS (
    SELECT w.object, regexp_replace(w.object, '^[a-z]+ ', '') AS name, coalesce(substring(w.object from '^[a-z]+ '), 'table ') AS kind,
      ${OWNER}::regrole AS owner, pg_has_role(${OWNER}, 'USAGE') AS owns, pg_has_role(${OWNER}, 'MEMBER') AS member,
      (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = ${OWNER}) AS super, has_any_column_privilege(c.oid, 'REFERENCES') AS refers,
      has_table_privilege(c.oid, 'TRIGGER') AS triggers
    FROM wanted w LEFT JOIN pg_class c ON w.class = 'pg_class'::regclass AND c.oid = w.oid
    LEFT JOIN pg_proc p ON w.class = 'pg_proc'::regclass AND p.oid = w.oid
    LEFT JOIN pg_type t ON w.class = 'pg_type'::regclass AND t.oid = w.oid),
  migrations_table AS (SELECT c.oid, c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${schema} AND c.relname = ${table}),
  id_sequence AS MATERIALIZED (SELECT q.oid, q.oid::regclass AS name FROM migrations_table m JOIN pg_depend d ON d.refobjid = m.oid
    JOIN pg_class q ON q.oid = d.objid AND q.relkind = 'S'),
  existing_names AS (SELECT object FROM existing UNION ALL SELECT 'index ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('i', 'I')),
  schemas AS (SELECT s.space, n.oid, bool_or(s.creates) AS creates FROM (
      SELECT space, creates AND (${command === 'redo'} AND drops OR object NOT IN (SELECT object FROM existing_names)) AS creates FROM need
      UNION ALL SELECT ${schema}::name, ${writes} AND NOT EXISTS (SELECT FROM migrations_table)) s
    LEFT JOIN pg_namespace n ON n.nspname = s.space GROUP BY 1, 2),
  lacking(what, remedy) AS (
    SELECT format('use schema %I', space), format('USAGE ON SCHEMA %I', space) FROM schemas WHERE NOT has_schema_privilege(oid, 'USAGE')
    UNION ALL SELECT format('create objects in schema %I', space), format('CREATE ON SCHEMA %I', space) FROM schemas
      WHERE creates AND NOT has_schema_privilege(oid, 'CREATE')
    UNION ALL SELECT 'refer to ' || name, 'REFERENCES ON ' || name FROM existing WHERE NOT refers
      AND object IN (SELECT json_array_elements_text(${references})) AND object NOT IN (SELECT object FROM need)
    UNION ALL SELECT 'create triggers on ' || name, 'TRIGGER ON ' || name FROM existing JOIN need USING (object)
      WHERE "right" = 'TRIGGER' AND NOT triggers
    UNION ALL SELECT format('%s in %s', r, name), format('%s ON %s', r, name) FROM migrations_table,
      unnest(ARRAY['${rights.join("', '")}']) r WHERE NOT has_table_privilege(oid, r)
    UNION ALL SELECT 'use sequence ' || name, 'USAGE ON SEQUENCE ' || name FROM id_sequence
      WHERE ${inserts} AND NOT has_sequence_privilege(oid, 'USAGE, UPDATE'))
  SELECT 'the server is a standby, which accepts no writes' AS problem, 'connect to the primary server' AS remedy
    WHERE ${writes} AND pg_is_in_recovery()
  UNION ALL SELECT format('transactions of role %I are read-only', current_user),
      format('ALTER ROLE %I SET default_transaction_read_only = off;  -- or connect as another role', current_user)
    WHERE ${writes} AND NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'on'
  UNION ALL SELECT format('schema %I is missing', space), format('CREATE SCHEMA %I AUTHORIZATION %I;', space, current_user)
    FROM schemas WHERE oid IS NULL AND space = ${schema}
  UNION ALL SELECT format('role %I may not %s', current_user, what), format('GRANT %s TO %I;', remedy, current_user) FROM lacking
  UNION ALL SELECT DISTINCT format('role %I does not own %s%s; its owner is %s', current_user, kind, name, owner), CASE
      WHEN super THEN format('ALTER %s%s OWNER TO %I;', upper(kind), name, current_user)
      WHEN member THEN format('GRANT %s TO %I WITH INHERIT TRUE;  -- before PostgreSQL 16:  ALTER ROLE %2$I INHERIT;', owner, current_user)
      ELSE format('GRANT %s TO %I;', owner, current_user) END
    FROM existing JOIN need USING (object) WHERE NOT owns AND "right" = 'owner' AND NOT (drops AND EXISTS (
      SELECT FROM pg_namespace n WHERE n.nspname = need.space AND pg_has_role(n.nspowner, 'USAGE')))
  UNION ALL SELECT format('row security hides rows of %s from role %I', name, current_user),
      format('ALTER ROLE %I BYPASSRLS;  -- or:  ALTER TABLE %s DISABLE ROW LEVEL SECURITY;', current_user, name)
    FROM migrations_table WHERE row_security_active(oid)`;
}
