import { noteDatabase, noteLedger, type Context, type Success } from '../context.js';
import { withConnection, type Connection } from '../database/connection.js';
import { guardStatement, removals, type Removal } from '../database/data-loss.js';
import { inspect, type Inspection } from '../database/inspect.js';
import { lockStatement } from '../database/run-lock.js';
import { addHashColumn, beginStatement, rowStatement } from '../database/statements.js';
import { failure, sqlstateOf } from '../errors.js';
import { ledgerQuery, loadMigrations, runMigrations, type Steps } from '../framework.js';
import { readLedger, select, type Direction, type Ledger } from '../ledger.js';
import type { Migration } from '../project.js';
import { effectLines } from '../report/effect-lines.js';
import type { Relation } from '../schema/model.js';
import { connectOptions, refuseUnread } from './check.js';

/** A way that migrations are to go. */
interface Leg {
  readonly direction: Direction;
  readonly migrations: readonly Migration[];
  /** What is applied when it begins. */
  readonly applied: readonly Migration[];
}

/**
 * Writes the SQL that a run would send, as a script for psql: with its transactions, settings, lock, the guard of the
 * data, and the rows of the migrations table. Only reads, in read-only transactions, and takes no lock.
 */
export async function plan(context: Context): Promise<Success> {
  const { project, facts } = context;
  return await withConnection<Success>(context.address, connectOptions(context), async (connection) => {
    noteDatabase(context, connection);
    const inspection = await inspect(connection, project, context.options);
    refuseUnread(context, inspection);
    const ledger = readLedger(project, inspection.ledger);
    noteLedger(context, ledger);
    const script = new Script(context, inspection);
    for (const leg of legsOf(context, ledger)) {
      await loadMigrations(leg.migrations, leg.direction);
      script.guard(leg);
      await planLeg(context, connection, leg, script);
    }
    facts.output = script.text(ledger);
    return 'planned';
  });
}

function legsOf({ command, direction, argument }: Context, ledger: Ledger): Leg[] {
  if (command !== 'redo')
    return [{ direction, migrations: select(ledger, direction, argument), applied: ledger.applied }];
  const down = select(ledger, 'down', argument);
  const left = ledger.applied.slice(0, ledger.applied.length - down.length);
  return [
    { direction: 'down', migrations: down, applied: ledger.applied },
    { direction: 'up', migrations: [...down].reverse(), applied: left },
  ];
}

/** Lets the framework go through its motions: it is told of a migrations table, and what migrations look up is looked up. */
async function planLeg({ project, signal }: Context, connection: Connection, leg: Leg, script: Script): Promise<void> {
  const { settings } = project;
  const names = leg.applied.map(({ name }) => ({ name }));
  let index = 0;
  await connection.query(`BEGIN READ ONLY; SET LOCAL search_path = ${settings.searchPath}`);
  const client = {
    async query(statement: string | { text: string }, values?: readonly unknown[]) {
      signal.throwIfAborted();
      const sql = typeof statement === 'string' ? statement : statement.text;
      if (/^(BEGIN|COMMIT|ROLLBACK)\b/.test(sql)) return undefined;
      if (/^SELECT (table_name|constraint_name) FROM information_schema\./.test(sql)) return { rows: [{}] };
      if (sql === ledgerQuery(settings)) return { rows: names };
      try {
        return await connection.client.query(statement as string, values as unknown[]);
      } catch (cause) {
        const file = leg.migrations[index]?.file ?? '';
        if (sqlstateOf(cause) === '25006')
          throw failure('usage', 'plan-writes', [file, (cause as Error).message], { file, cause });
        throw cause;
      }
    },
  };
  try {
    await runMigrations(
      settings,
      client,
      leg.migrations,
      leg.direction,
      (steps) => {
        script.add(leg, index, steps);
        index++;
      },
      true,
    );
  } finally {
    await connection.query('ROLLBACK');
  }
}

/** A script in the making: statements, inside transactions and outside of them. */
class Script {
  readonly #blocks: { readonly inside: boolean; readonly statements: string[] }[] = [];

  constructor(
    private readonly context: Context,
    private readonly inspection: Inspection,
  ) {}

  /** Looks for data that would be deleted before anything is done at all; each migration looks again in its transaction. */
  guard({ migrations, direction }: Leg): void {
    const guards = this.#guards(migrations, direction);
    if (guards.length > 0) this.#blocks.push({ inside: false, statements: ['-- Before anything is done', ...guards] });
  }

  #guards(migrations: readonly Migration[], direction: Direction): string[] {
    const { tables } = this.inspection.live;
    const isThere = ({ table, column }: Removal) => {
      const { kind, columns } = (tables?.[table] ?? {}) as Relation;
      if (kind !== 'table' && kind !== 'partitioned table') return false;
      return column === undefined || (typeof columns === 'object' && Object.hasOwn(columns, column));
    };
    return this.context.options.allowDataLoss
      ? []
      : removals(this.context.project, migrations, direction).filter(isThere).map(guardStatement);
  }

  /** Adds the steps of one migration, in the transaction before it or on their own. */
  add({ direction, migrations, applied }: Leg, index: number, { statements, inside }: Steps): void {
    const { project } = this.context;
    const { settings } = project;
    const migration = migrations[index];
    if (migration === undefined) return;
    const before = project.expectedAt(applied.length + (direction === 'up' ? index : -index - 1)).schema;
    const title = `${direction === 'up' ? '' : 'revert '}${migration.name} (${migration.file})`;
    const row = rowStatement(settings.ledgerName, direction, migration);
    const isFirst = direction === 'down' && !inside; // What breaks off there is for the next `up` to mend.
    const text = [
      ...[title, ...effectLines(before, migration.effect, direction)].map((line) => `-- ${line}`),
      ...(inside ? this.#guards([migration], direction) : []),
      ...(isFirst ? [row] : []),
      // A step that ends in a comment has its semicolon in it.
      ...statements.map((statement) => (/--[^\n]*$/.test(statement) ? `${statement}\n;` : statement)),
      ...(isFirst ? [] : [row]),
    ].join('\n');
    const last = this.#blocks.at(-1);
    if (inside && last?.inside === true) last.statements.push(text);
    else this.#blocks.push({ inside, statements: [...(inside ? [] : ['-- Outside a transaction']), text] });
  }

  text({ version }: Ledger): string {
    const { context, inspection } = this;
    const { project, address, options } = context;
    const { settings } = project;
    const head = `-- What would run on database ${address.database} at ${address.host}:${address.port}, now ${version === null ? 'before the first migration' : `at ${version}`}.
-- psql -v ON_ERROR_STOP=1 -f <this file> does the same, but for the check of the schema before each COMMIT.`;
    if (this.#blocks.length === 0) return `${head}\n-- Nothing to do.`;
    const begin = `${beginStatement({ ...options, project })}\n${lockStatement}`;
    const ledger = [
      ...(inspection.access.ledger !== null
        ? []
        : [
            `CREATE TABLE ${settings.ledgerName} (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);`,
          ]),
      ...(inspection.access.ledger?.hashed === true ? [] : [addHashColumn(settings.ledgerName)]),
    ];
    const prepare = ledger.length === 0 ? [] : [[begin, '-- The migrations table', ...ledger, 'COMMIT;'].join('\n')];
    const blocks = this.#blocks.map(({ inside, statements }) =>
      inside ? [begin, ...statements, 'COMMIT;'].join('\n\n') : statements.join('\n\n'),
    );
    return [head, ...prepare, ...blocks].join('\n\n');
  }
}
