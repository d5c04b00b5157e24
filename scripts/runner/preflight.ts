import pg from 'pg';
import type { Connection } from '../database/connection.ts';
import { expectedAt, type Migration, type Project } from '../project/project.ts';
import { failure } from '../report/errors.ts';
import type { Direction, Problem } from '../report/types.ts';
import { READ_SETTINGS } from '../schema/catalog.ts';
import { compare } from '../schema/compare.ts';
import { isKind, isTriggerFunction, partsOf, type Facts } from '../schema/effects.ts';
import type { Context } from './context.ts';
import { BEGIN_READ } from './session-settings.ts';

/**
 * What the role needs, such as `['public.users', 'REFERENCES']`. The right is
 * - `OWNER`: the role must own the object
 * - `DROP`: the role must own the object or its schema
 * - `CREATE`: the role must have this privilege on the schema of the object, or on the database if the schema
 *   does not exist yet
 * - another privilege: the role must have it on the object
 */
type Need = readonly [object: string, right: string];

/**
 * Refuses a run if the server is read-only, a prerequisite is missing, or the role lacks a privilege. Lists
 * all problems at once. Never refuses what PostgreSQL would allow.
 *
 * @throws Failure `unavailable`
 */
export async function refuseProblems(
  connection: Connection,
  context: Context,
  migrations: readonly Migration[],
  facts: Facts,
  hasTable = true,
): Promise<void> {
  const { command, direction, options, project, settings } = context;
  const { database } = context.configuration;
  const writes = !options.dryRun && ['up', 'down', 'redo'].includes(command);
  const needs: Need[] = [[settings.tableName, 'SELECT']];
  const add = (towards: Direction, live: Facts) => {
    needs.push([settings.tableName, towards === 'up' ? 'INSERT' : 'DELETE']);
    needs.push(...migrations.flatMap((migration) => needsOf(project, migration, towards, live)));
  };
  if (writes) add(direction, facts);
  if (writes && command === 'redo') add('up', new Map()); // By then, all that it creates is removed.
  if (writes && !hasTable) needs.push([settings.tableName, 'CREATE']);
  const query = problemsQuery(needs, settings.migrationsSchema, writes);
  const results = await connection.query(`${BEGIN_READ} ${READ_SETTINGS} ${query}; COMMIT`);
  const problems = results.at(-2)?.rows as Problem[];
  const lacking = writes ? (await compare(expectedAt(project, 0), facts)).failing : [];
  const remedy = `load the application's base schema into database ${database}, or correct the database in the URL`;
  for (const { object, expected, found } of lacking) {
    const problem = `${object} is ${found ?? 'missing'} (expected ${expected ?? 'nothing'})`;
    problems.push({ problem, remedy });
  }
  if (problems.length > 0) throw failure('problems', [problems, database]);
}

/** What the role needs for a migration, except for extensions. `live` is the schema before the migration. */
function needsOf(project: Project, migration: Migration, direction: Direction, live: Facts) {
  const entries = Object.entries(migration.effect).filter(
    ([object]) => !object.startsWith('extension '),
  );
  /** The objects that the effect removes, or removes a part of. */
  const removed = entries
    .filter(([, patch]) => patch === null || partsOf(patch).some(([, text]) => text === null))
    .map(([object]) => object);
  let expected: Facts | undefined; // Made when it is first needed: for many migrations, it is not.
  /** True if the schema that is expected before the migration has this part. */
  const isKnown = (object: string, part: string) => {
    expected ??= expectedAt(project, project.migrations.indexOf(migration)).facts;
    return expected.get(object)?.has(part) === true;
  };
  return entries.flatMap(([object, patch]): Need[] => {
    const parts = partsOf(patch);
    // If another object is removed, this one may change only because it depends on that. That needs no right.
    const mayDepend = removed.some((other) => other !== object);
    if (direction === 'down') {
      const mayStay = parts.some(([, text]) => isTriggerFunction(text));
      const isNew = parts.some(([part]) => isKind(part) && !isKnown(object, part));
      if (!live.has(object) || mayStay || (mayDepend && !isNew)) return [];
      return [[object, parts.some(([part]) => isKind(part)) ? 'DROP' : 'OWNER']];
    }
    const needs: Need[] = [];
    for (const [part, text] of parts) {
      if (text === null) continue;
      const isThere = live.get(object)?.has(part) === true;
      if (isKind(part) && !isThere) needs.push([object, 'CREATE']);
      if (removed.length > 0) continue; // This part may only be renamed, which needs no more.
      const [, target] = REFERENCE.exec(text) ?? [];
      const [, parent] = PARENT.exec(text) ?? [];
      // Even if the foreign key is there, the migration may drop it, and create it again.
      if (target !== undefined && !isKnown(object, part)) needs.push([target, 'REFERENCES']);
      if (parent !== undefined && !isThere) needs.push([parent, 'OWNER']);
      // To create an index, or a key (which has an index), the role needs CREATE on the schema.
      const isIndex = part.startsWith('index ') || KEY.test(text);
      if (isIndex && !isThere) needs.push([object, 'CREATE']);
    }
    if (!live.has(object) || mayDepend) return needs;
    if (patch === null) return [...needs, [object, 'DROP']];
    const addsOnlyTriggers = parts.every(([part, text]) => part.startsWith('trigger ') && text);
    return [...needs, [object, addsOnlyTriggers ? 'TRIGGER' : 'OWNER']];
  });
}

const PARENT = /^(?:UNLOGGED )?(?:PARTITION OF |INHERITS \()((?:"[^"]+"|[^" ,)])+)/;
const KEY = /^(PRIMARY KEY|UNIQUE|EXCLUDE)/;
const REFERENCE = /^FOREIGN KEY .* REFERENCES ((?:"[^"]+"|[^"(])+)\(/s;

/** The query for the problems: each row is a {@link Problem}. Its table `target` has the needs and their objects. */
function problemsQuery(needs: readonly Need[], schema: string, writes: boolean): string {
  const needed = pg.escapeLiteral(JSON.stringify(needs));
  return `WITH need AS (
    SELECT DISTINCT n ->> 1 AS "right", coalesce(substring(n ->> 0 from '^[a-z]+ '), 'table ') AS kind,
      regexp_replace(n ->> 0, '^[a-z]+ ', '') AS name FROM json_array_elements(${needed}) AS n),
  target AS (
    SELECT n."right", upper(n.kind) || coalesce(c.oid::regclass::text, n.name) AS target, c.oid, s.oid AS space, s.nspname, s.nspowner,
      coalesce(c.relowner, f.proowner, t.typowner) AS owner, n.kind, n.name
    FROM need n CROSS JOIN parse_ident(n.name, false) AS p(parts) JOIN pg_namespace s ON s.nspname = p.parts[1]
    LEFT JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = p.parts[2] AND n.kind IN ('table ', 'sequence ')
    LEFT JOIN pg_proc f ON f.pronamespace = s.oid AND f.proname = p.parts[2] AND n.kind || n.name = 'function ' || f.oid::regprocedure
    LEFT JOIN pg_type t ON t.typnamespace = s.oid AND t.typname = p.parts[2] AND n.kind IN ('type ', 'domain ')),
  lacking AS (
    SELECT format('%s ON %s', "right", target) AS privilege FROM target WHERE NOT CASE
      WHEN "right" IN ('OWNER', 'DROP', 'CREATE') THEN true
      WHEN "right" = 'REFERENCES' AND name IN (SELECT name FROM need WHERE "right" = 'OWNER') THEN true
      WHEN "right" IN ('REFERENCES', 'INSERT') THEN has_any_column_privilege(oid, "right")
      ELSE has_table_privilege(oid, "right") END
    UNION SELECT format('%s ON SCHEMA %I', r, nspname) FROM target, unnest(ARRAY['USAGE', 'CREATE']) r
      WHERE r IN ('USAGE', "right") AND NOT has_schema_privilege(space, r)
    UNION SELECT format('CREATE ON DATABASE %I', current_database()) FROM need n CROSS JOIN parse_ident(n.name, false) AS p(parts)
      WHERE n."right" = 'CREATE' AND p.parts[1] NOT IN (SELECT nspname FROM pg_namespace UNION SELECT ${pg.escapeLiteral(schema)})
        AND NOT has_database_privilege(current_database(), 'CREATE')
    UNION SELECT 'USAGE ON SEQUENCE ' || q.oid::regclass FROM target t JOIN pg_depend d ON d.refobjid = t.oid
      JOIN pg_class q ON q.oid = d.objid
      WHERE t."right" = 'INSERT' AND d.deptype = 'a' AND CASE q.relkind WHEN 'S' THEN NOT has_sequence_privilege(q.oid, 'USAGE, UPDATE') END
    ORDER BY 1)
  SELECT 'the server is a standby, which accepts no writes' AS problem, 'connect to the primary server' AS remedy
    WHERE ${writes} AND pg_is_in_recovery()
  UNION ALL SELECT format('transactions of role %I are read-only', current_user),
      format('BEGIN READ WRITE; ALTER ROLE %I SET default_transaction_read_only = off; COMMIT;', current_user)
    WHERE ${writes} AND NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'on'
  UNION ALL SELECT format('schema %I is missing', s), format('CREATE SCHEMA %I AUTHORIZATION %I;', s, current_user)
    FROM (VALUES (${pg.escapeLiteral(schema)})) AS v(s) WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = s)
  UNION ALL SELECT format('role %I lacks %s', current_user, privilege), format('GRANT %s TO %I;', privilege, current_user)
    FROM lacking
  UNION ALL SELECT format('role %I does not own %s%s; its owner is %s', current_user, kind, name, owner::regrole), CASE
      WHEN (SELECT rolsuper FROM pg_roles r WHERE r.oid = owner)
      THEN format('ALTER %s OWNER TO %I;', coalesce((SELECT 'TABLE ' || d.refobjid::regclass FROM pg_depend d -- The table of a sequence.
          WHERE kind = 'sequence ' AND d.classid = 'pg_class'::regclass AND d.objid = target.oid AND d.deptype IN ('a', 'i')),
        regexp_replace(target, '^FUNCTION', 'ROUTINE')), current_user)
      WHEN pg_has_role(owner, 'MEMBER')
      THEN format('GRANT %s TO %I WITH INHERIT TRUE;  -- before PostgreSQL 16:  ALTER ROLE %2$I INHERIT;', owner::regrole, current_user)
      ELSE format('GRANT %s TO %I;', owner::regrole, current_user) END
    FROM target WHERE "right" IN ('OWNER', 'DROP') AND NOT pg_has_role(owner, 'USAGE')
      AND NOT ("right" = 'DROP' AND pg_has_role(nspowner, 'USAGE'))
  UNION ALL SELECT format('row security hides rows of %s from role %I', oid::regclass, current_user),
      format('ALTER ROLE %I BYPASSRLS;  -- or:  ALTER TABLE %s DISABLE ROW LEVEL SECURITY;', current_user, oid::regclass)
    FROM target WHERE "right" = 'SELECT' AND row_security_active(oid)`;
}
