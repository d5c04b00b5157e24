import { migrationsOf } from '../project/version.js';
import type { Result } from '../report/types.js';
import { checkSchema } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';
import { refuseUnreadable, resultOf, withReader } from './result.js';

/** Compares the schema with what is expected at the version that the database claims. Writes nothing. For `status`, too. */
export async function check(context: Context): Promise<Result> {
  return await withReader(context, async (connection) => {
    const first = await checkSchema(connection, context);
    refuseUnreadable(context, first.state);
    // What differs is read twice: a run may have committed between its parts.
    const last = first.failing.length === 0 ? first : await checkSchema(connection, context);
    const migrations =
      context.command === 'status'
        ? { migrations: migrationsOf(context.project, last.state.rows) }
        : {};
    return { ...resultOf(context, connection, last, 'matches'), ...migrations };
  });
}
