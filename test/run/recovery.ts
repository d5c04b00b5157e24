import { expect } from 'vitest';
import type { JsonReport } from '../support/call.js';
import type { Database } from '../support/database.js';
import { advisoryLocks, eventually, rowsOf, settled } from '../support/eventually.js';
import { HEAD, call } from './workflows.js';

/** What a migration that commits step by step may have done already, or not yet, at the version that the ledger claims. */
const unfinished: Readonly<Record<string, RegExp>> = {
  '0003_link-workflow-executions':
    /^changed constraint public\.workflow_executions\.workflow_executions_(source_check|user_workflow_id_fkey)$/,
  '0004_validate-workflow-executions':
    /^(unexpected|missing|changed) index public\.idx_workflow_executions_user_workflow_id$/,
  [HEAD]: /^(unexpected|missing|changed) index public\.idx_workflow_executions_user_workflow_id$/,
};

/**
 * What holds however a run was broken off, once the server is through with it: no lock is left, and the database is at a
 * version that was checked, or on the way from it by one step outside a transaction. Gives what the check says.
 */
export async function expectChecked(database: Database): Promise<JsonReport> {
  await settled(database);
  await eventually(
    'a database without advisory locks',
    async () => (await advisoryLocks(database)).length === 0,
  );
  const check = (await call(['check', '--strict', '--json'], { url: database.url })).json();
  const strays = check.differences
    .map(({ kind, object }) => `${kind} ${object}`)
    .filter((line) => unfinished[check.version ?? '']?.test(line) !== true);
  expect(
    strays,
    `unfinished, and not one step outside a transaction: ${strays.join('; ')}`,
  ).toEqual([]);
  expect([0, 6], 'the ledger can be read').toContain(check.exitCode);
  return check;
}

/** The next `up` reaches the head, and no row is lost. */
export async function expectRecovery(database: Database, rows: readonly unknown[]): Promise<void> {
  const next = await call(['up', '--json'], { url: database.url });
  expect(next.json()).toMatchObject({ exitCode: 0, version: HEAD, error: null });
  expect((await call(['check', '--strict'], { url: database.url })).code).toBe(0);
  expect(await rowsOf(database), 'no row is lost').toEqual(rows);
}
