import { noteComparison, noteDatabase, noteLedger, type Context, type Success } from '../context.js';
import { identifier } from '../database/access.js';
import { withConnection } from '../database/connection.js';
import { inspect, type Inspection } from '../database/inspect.js';
import { failure } from '../errors.js';
import { readLedger, type Ledger } from '../ledger.js';
import type { Obstacle } from '../report/events.js';
import { compare } from '../schema/compare.js';

/** Compares the schema with what is expected at the version that the database claims. Writes nothing. */
export async function check(context: Context): Promise<Success> {
  return await withConnection(context.address, connectOptions(context), async (connection) => {
    noteDatabase(context, connection);
    const matches = async () => {
      const inspection = await inspect(connection, context.project, context.options);
      refuseUnread(context, inspection);
      return compareAtVersion(context, inspection, readLedger(context.project, inspection.ledger));
    };
    // What differs is looked at twice: a look that another run's commit overtakes may see something of both schemas.
    return (await matches()) || (await matches()) ? 'matches' : 'differs';
  });
}

/** @throws Failure `unavailable` where anything is in the way, with all of it */
export function refuse({ address }: Context, found: readonly Obstacle[]): void {
  if (found.length > 0) throw failure('unavailable', 'obstacles', [found, address.database]);
}

/** Where the migrations table may not be read, it is not taken for an empty one. */
export function refuseUnread(context: Context, { access }: Inspection, others: readonly Obstacle[] = []): void {
  if (access.ledger?.read !== false) return;
  const { ledgerName, migrationsSchema } = context.project.settings;
  const isHidden = access.schemas[migrationsSchema]?.usage === false;
  const hiding = {
    problem: `row security hides rows of ${ledgerName} from role ${access.role}`,
    remedy: `ALTER ROLE ${access.role} BYPASSRLS;  -- or, as its owner:  ALTER TABLE ${ledgerName} DISABLE ROW LEVEL SECURITY;`,
  };
  const unread = {
    problem: `role ${access.role} may not read ${ledgerName}${isHidden ? `, nor use its schema` : ''}`,
    remedy: `${isHidden ? `GRANT USAGE ON SCHEMA ${identifier(migrationsSchema)} TO ${access.role}; ` : ''}GRANT SELECT ON ${ledgerName} TO ${access.role};`,
  };
  refuse(context, [access.ledger.hides ? hiding : unread, ...others]);
}

/** The options of the connection that does a command's work. */
export const connectOptions = ({ command, options, signal }: Context) =>
  ({ purpose: 'run', command, wait: options.connectWait, signal }) as const;

/** Whether the schema is what the version of the database leaves behind; notes what is not. */
export function compareAtVersion(context: Context, { live }: Inspection, ledger: Ledger): boolean {
  noteLedger(context, ledger);
  const expected = context.project.expectedAt(ledger.applied.length);
  return noteComparison(context, compare(expected, live, context.options.strict));
}
