import { withConnection } from '../database/connection.js';
import type { Result } from '../report/types.js';
import { checkSchema } from '../runner/check-schema.js';
import type { Context } from '../runner/context.js';
import { resultOf } from './result.js';

/** Compares the schema with what is expected at the version that the database claims. Writes nothing. */
export const check = (context: Context): Promise<Result> =>
  withConnection(context, 'run', async (connection) => {
    const first = await checkSchema(connection, context);
    // What differs is read twice: a run may have committed between its parts.
    const last = first.failing.length === 0 ? first : await checkSchema(connection, context);
    const result = resultOf(context, connection, last, 'matches');
    if (context.command !== 'status') return result;
    const appliedOn = new Map(last.rows.map(({ name, run_on }) => [name, run_on]));
    const { migrations } = context.project;
    return {
      ...result,
      migrations: migrations.map(({ name }) => ({ name, appliedOn: appliedOn.get(name) ?? null })),
    };
  });
