import pg from 'pg';
import { failure } from '../errors.js';
import type { Direction } from '../ledger.js';
import type { Migration, Project } from '../project.js';
import { COUNT_LIMIT, type Loss } from '../report/events.js';
import { createsTable } from '../schema/effects.js';
import { mentions, objectId, type Mention, type Patch } from '../schema/model.js';
import type { Connection } from './connection.js';

/** Something that a run would delete. */
export type Removal = Omit<Loss, 'count'>;

/** What migrations remove, by their effects: tables, columns of tables that stay, and the right to have no value. */
export function removals(project: Project, migrations: readonly Migration[], direction: Direction): Removal[] {
  const all = migrations.flatMap((migration) =>
    mentions(migration.effect)
      .filter(({ section }) => section === 'tables')
      .map((mention) => ({ ...mention, migration })),
  );
  const tables = all.filter((mention) =>
    direction === 'up' ? mention.part === undefined && mention.value === null : isTable(mention),
  );
  const gone = new Set(tables.map(({ key }) => key));
  const columns = all.filter(({ key, part }) => part === 'columns' && !gone.has(key));
  return [
    ...[...gone].map((table) => ({ table, what: 'rows' as const })),
    ...columns.flatMap(({ id, key, name = '', value, migration }): Removal[] => {
      const state = typeof value === 'object' ? value : null;
      if (direction === 'up') return state === null ? [{ table: key, column: name, what: 'values' }] : [];
      if (typeof state?.['type'] === 'string' && !isThereBefore(project, migration, id, key))
        return [{ table: key, column: name, what: 'values' }];
      return state?.['null'] === true ? [{ table: key, column: name, what: 'nulls' }] : [];
    }),
  ];
}

/** Whether a column is there before a migration, which then only gives it another type: by the last effect that speaks of it. */
function isThereBefore({ prerequisites, migrations }: Project, migration: Migration, id: string, key: string): boolean {
  const before = migrations.slice(0, migrations.indexOf(migration)).map(({ effect }) => effect);
  const last = [prerequisites, ...before]
    .flatMap(mentions)
    .findLast((mention) => mention.id === id || (mention.id === objectId('tables', key) && mention.value === null));
  return last !== undefined && last.value !== null;
}

const isTable = (mention: Mention): boolean =>
  createsTable(mention) && !/view"?$/.test(JSON.stringify((mention.value as Patch)['kind']));

const condition = ({ what, column }: Removal): string =>
  what === 'rows' ? 'true' : `${column ?? ''} IS ${what === 'values' ? 'NOT ' : ''}NULL`;

/**
 * Counts what a run would delete, in the transaction that is open. Takes the locks that the migrations will need anyway,
 * so that no row slips in after the look; existence first, then a bounded count. With row security `off`, so that a
 * policy which hides rows is an error and not an empty table.
 *
 * @throws Failure `data-loss` where there is something, unless `allowed`
 */
export async function guardData(connection: Connection, all: readonly Removal[], allowed: boolean): Promise<Loss[]> {
  if (all.length === 0) return [];
  const existing = await existingOf(connection, all);
  if (existing.length === 0) return [];
  const tables = [...new Set(existing.map(({ table }) => table))];
  const counts = existing.map((removal) => {
    const rows = `SELECT FROM ${removal.table} WHERE ${condition(removal)}`;
    return `CASE WHEN EXISTS (${rows}) THEN (SELECT count(*) FROM (${rows} LIMIT ${COUNT_LIMIT + 1}) r) ELSE 0 END::int`;
  });
  await connection.query(`SET LOCAL row_security = off; LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`);
  const [result] = await connection.query(`SELECT ARRAY[${counts.join(', ')}] AS counts`);
  const { counts: found } = result?.rows[0] as { counts: number[] };
  const losses = existing
    .map((removal, index) => ({ ...removal, count: found[index] ?? 0 }))
    .filter(({ count }) => count > 0);
  if (losses.length > 0 && !allowed) throw failure('data-loss', 'data-loss', [losses]);
  return losses;
}

/** The guard for a script: it raises an exception where there is something, and does not count. */
export const guardStatement = (removal: Removal): string => `DO $$ BEGIN
  IF EXISTS (SELECT FROM ${removal.table} WHERE ${condition(removal)}) THEN
    RAISE EXCEPTION 'this would delete data of ${removal.table.replaceAll("'", "''").replaceAll('%', '%%')}; plan it with --allow-data-loss if that is what you want';
  END IF;
END $$;`;

/** Those of the tables and columns that are really there. Of views, foreign tables and the like nothing is deleted with them. */
async function existingOf(connection: Connection, all: readonly Removal[]): Promise<Removal[]> {
  const wanted = pg.escapeLiteral(JSON.stringify(all.map(({ table, column }, index) => ({ index, table, column }))));
  const [result] =
    await connection.query(`SELECT r.index FROM json_to_recordset(${wanted}) AS r(index int, "table" text, "column" text)
    JOIN pg_catalog.pg_class c ON c.oid = to_regclass(r.table) AND c.relkind IN ('r', 'p')
    WHERE r.column IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND quote_ident(a.attname) = r.column AND NOT a.attisdropped)`);
  const found = new Set((result?.rows as { index: number }[]).map(({ index }) => index));
  return all.filter((_, index) => found.has(index));
}
