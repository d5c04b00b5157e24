import { sqlstateOf } from '../errors.js';
import type { Migration } from '../project.js';
import type { Obstacle } from '../report/events.js';
import { mentions, type Relation, type Schema } from '../schema/model.js';
import type { Connection } from './connection.js';

/** A query for the rows of a table that a constraint would not allow. */
interface Suspicion {
  readonly table: string;
  readonly constraint: string;
  readonly rows: string;
}

const FOREIGN_KEY = /^FOREIGN KEY \(([^()]+)\) REFERENCES ([^()]+)\(([^()]+)\)/;
const KEY = /^(?:PRIMARY KEY|UNIQUE) \(([^()]+)\)/;

/** The rows that stand in the way of a constraint, as PostgreSQL writes it; `undefined` for what cannot be asked so. */
function rowsAgainst(table: string, definition: string): string | undefined {
  const check = /^CHECK (\(.*\))(?: NOT VALID)?$/.exec(definition)?.[1];
  if (check !== undefined) return `SELECT * FROM ${table} WHERE NOT ${check}`;
  const [, columns = '', other = '', keys = ''] = FOREIGN_KEY.exec(definition) ?? [];
  if (columns !== '' && !columns.includes(',')) {
    const isThere = `SELECT FROM ${other} o WHERE o.${keys} = t.${columns}`;
    return `SELECT * FROM ${table} t WHERE t.${columns} IS NOT NULL AND NOT EXISTS (${isThere})`;
  }
  const key = KEY.exec(definition)?.[1];
  return key === undefined
    ? undefined
    : `SELECT ${key} FROM ${table} WHERE (${key}) IS NOT NULL GROUP BY ${key} HAVING count(*) > 1`;
}

/**
 * Where a legacy runner made tables or columns that the migrations would make, rows may be in them that the right
 * constraints do not allow. They are looked for before anything is written and without locks, and only there: on a
 * database where all of it is new no row is read.
 */
export async function rowsInTheWay(
  connection: Connection,
  live: Schema,
  migrations: readonly Migration[],
  lockTimeout: string,
): Promise<Obstacle[]> {
  const found: Obstacle[] = [];
  for (const { table, constraint, rows } of suspicions(live, migrations)) {
    try {
      const results = await connection.query(
        `BEGIN READ ONLY; SET LOCAL search_path = ''; SET LOCAL lock_timeout = '${lockTimeout}'; SELECT EXISTS (${rows}) AS found; COMMIT`,
      );
      const isFound = results.some(({ rows: [row] }) => (row as { found?: boolean } | undefined)?.found === true);
      if (!isFound) continue;
      found.push({
        problem: `table ${table} has rows that ${constraint} does not allow`,
        remedy: `look at them, and correct or delete them:  ${rows};`,
      });
    } catch (error) {
      // What cannot be asked (columns of another type, no right to read) is for the migration to find.
      if (!/^(22|42)/.test(sqlstateOf(error) ?? '')) throw error;
      await connection.query('ROLLBACK');
    }
  }
  return found;
}

function suspicions(live: Schema, migrations: readonly Migration[]): Suspicion[] {
  const all = migrations.flatMap(({ effect }) => mentions(effect)).filter(({ section }) => section === 'tables');
  const partOf = (table: string, part: string) =>
    ((live.tables?.[table] as Relation | undefined)?.[part] ?? {}) as Record<string, unknown>;
  const wanted = new Map(
    all.flatMap(({ key, part, name = '', value }) =>
      part === 'constraints' && typeof value === 'string' ? [[JSON.stringify([key, name]), { key, name, value }]] : [],
    ),
  );
  /** Columns that migrations make: one that only changes what is there may mend its rows first. */
  const columnsOf = (table: string) =>
    all.filter(
      ({ key, part, value }) =>
        key === table && part === 'columns' && typeof value === 'object' && value !== null && 'type' in value,
    );
  const isAllThere = (table: string) => {
    const columns = columnsOf(table);
    return columns.length > 0 && columns.every(({ name = '' }) => Object.hasOwn(partOf(table, 'columns'), name));
  };
  return [...wanted.values()].flatMap(({ key, name, value }) => {
    if (live.tables?.[key] === undefined || !isAllThere(key) || partOf(key, 'constraints')[name] === value) return [];
    const rows = rowsAgainst(key, value);
    return rows === undefined ? [] : [{ table: key, constraint: name, rows }];
  });
}
