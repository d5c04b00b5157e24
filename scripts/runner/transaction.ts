import type { QueryResult } from 'pg';
import { connectionName, type Connection } from '../database/connection.ts';
import { isConnectionLost, sqlstateOf } from '../database/pg-errors.ts';
import type { Migration } from '../project/project.ts';
import { versionAt } from '../project/version.ts';
import { Failure, failure } from '../report/errors.ts';
import type { Difference, Done } from '../report/types.ts';
import { checkSchema, type SchemaCheck } from './check-schema.ts';
import type { Context } from './context.ts';
import { refuseLoss, findRemoved, type Removed } from './data-loss.ts';
import type { RunLock } from './run-lock.ts';
import { BEGIN, noTimeouts, RESET, runSettings } from './session-settings.ts';

/** What a run has done so far, in all its attempts. */
export class Progress {
  readonly applied: Done[] = [];
  readonly reverted: Done[] = [];
  /** True after what cannot be rolled back: a statement outside a transaction, a migration's own COMMIT. */
  wroteOutside = false;
  /** True from sending COMMIT until the server confirms it: it is unknown whether it has committed. */
  isCommitting = false;
  /** What earlier attempts removed. Before its first migration, the next attempt looks for data there. */
  removed: readonly Removed[] = [];

  /** @param count how many migrations are applied and committed */
  constructor(public count: number) {}
}

/** What one attempt of a run works with. Several modules take part in it, and get this. */
export interface RunContext {
  readonly context: Context;
  readonly connection: Connection;
  readonly lock: RunLock;
  /** The result of the check at the beginning of the attempt. */
  readonly before: SchemaCheck;
  readonly progress: Progress;
}

/**
 * Thrown before COMMIT if the transaction has removed tables or columns that may hold data. The run then
 * rolls back and begins again. The new transaction first looks for data in these tables and columns.
 */
export class LossSuspected extends Error {}

const BEGAN = 'SELECT pg_catalog.transaction_timestamp()::text AS began';
const beganOf = (results: readonly QueryResult[]) =>
  (results.find(({ command }) => command === 'SELECT')?.rows[0] as { began: string }).began;

const duplicateRows = ({ rows, count }: SchemaCheck) => rows.length - count;

/** The transactions of a run, one after the other: what happens between BEGIN and COMMIT. */
export class RunTransaction {
  warnings: readonly Difference[] = [];
  /** True during the check, and after a failure: a statement that comes then was not awaited. */
  refusesStatements = false;
  /** Set if a statement came too late to be checked, such as during the check or after the run. */
  late: Failure | undefined;
  /** When the open transaction began. By this time, it is told from another transaction. */
  #began = '';
  /** The migrations that are recorded in this transaction, and not committed yet. */
  #recorded: Done[] = [];

  /** @param current the migration that runs or has just run; at the beginning, the first migration */
  constructor(
    readonly run: RunContext,
    public current: Migration,
  ) {}

  isOpen(): boolean {
    return this.run.connection.client.getTransactionStatus() !== 'I';
  }

  /** Begins a transaction, unless one is open. Looks for data in what earlier attempts have removed. */
  async begin(): Promise<void> {
    if (this.isOpen()) return;
    const { connection, progress } = this.run;
    this.#began = beganOf(await connection.query(`${BEGIN} ${this.#settings()} ${BEGAN}`));
    if (progress.removed.length === 0) return;
    await refuseLoss(connection, progress.removed);
    await connection.query(this.#settings());
  }

  #settings(): string {
    const { context, connection } = this.run;
    const name = connectionName('run', context.command); // Behind a pooler, RESET ALL resets it, too.
    return `${runSettings(context)} SET LOCAL application_name = '${name}'; ${noTimeouts(connection)}`;
  }

  /**
   * Makes the settings again, which a migration may have changed, and then sends `sql`.
   *
   * @throws Failure `partial` if the transaction is not the run's own
   */
  async #send(sql: string): Promise<QueryResult | undefined> {
    // SAVEPOINT fails if there is no transaction: the migration has ended it.
    const text = `${this.#settings()} SAVEPOINT own; RELEASE own; ${BEGAN}; ${sql}`;
    const results = await this.run.connection.query(text).catch((error: unknown) => {
      throw sqlstateOf(error) === '25P01' ? this.leftTransaction() : error;
    });
    // A migration that sent `…; COMMIT; BEGIN` leaves a transaction that has another timestamp.
    if (beganOf(results) !== this.#began) throw this.leftTransaction();
    return results.at(-1);
  }

  /** Makes the failure of a migration that has ended the transaction of the run, and notes that it wrote. */
  leftTransaction(): Failure {
    const { file } = this.current;
    this.run.progress.wroteOutside = true;
    return failure('left-transaction', [file], { file });
  }

  /** Records the current migration. */
  async record(milliseconds: number, sql: string): Promise<void> {
    const { name } = this.current;
    await this.#send(sql);
    this.#recorded.push({ name, milliseconds });
  }

  /**
   * Checks and commits the open transaction. One that has written nothing is rolled back without a check:
   * after an interrupted run, the schema may be wrong until the next migration has corrected it.
   *
   * @returns whether it has committed something
   */
  async commit(): Promise<boolean> {
    if (!this.isOpen()) return false;
    this.refusesStatements = true;
    const result = await this.#send('SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS yes');
    const { yes: hasWritten } = result?.rows[0] as { yes: boolean };
    if (hasWritten) await this.#checkAndCommit();
    else await this.rollback();
    this.refusesStatements = false;
    return hasWritten;
  }

  /** Commits if no data would be lost, the schema is as expected, and the run lock is still held. */
  async #checkAndCommit(): Promise<void> {
    const { connection, context, lock, progress } = this.run;
    await this.#refuseUncheckedRemovals();
    const { count, warnings } = await this.#checkSchema();
    await lock.assertHeld();
    if (this.late !== undefined) throw this.late; // A statement came during the check.
    context.signal.throwIfAborted();
    progress.isCommitting = true;
    const [result] = await connection.query('COMMIT').catch((error: unknown) => {
      progress.isCommitting = isConnectionLost(error); // If the server has answered, it has rolled back.
      throw error;
    });
    progress.isCommitting = false;
    // The server answers ROLLBACK to COMMIT if an earlier statement of the transaction failed.
    if (result?.command !== 'COMMIT') throw new Error('the server rolled back at the COMMIT');
    progress.removed = [];
    progress.wroteOutside = false; // All of it is recorded and checked now.
    progress.count = count;
    this.warnings = warnings;
    progress[context.direction === 'up' ? 'applied' : 'reverted'].push(...this.#recorded.splice(0));
  }

  /** Throws LossSuspected if {@link begin} did not look for data in what is removed: now it is too late. */
  async #refuseUncheckedRemovals(): Promise<void> {
    const { connection, context, lock, progress } = this.run;
    if (context.options.allowDataLoss) return;
    const known = progress.removed.map(({ id }) => id);
    const removed = await findRemoved(connection, lock);
    const found = removed.filter(({ id }) => !known.includes(id));
    if (found.length === 0) return;
    progress.removed = [...progress.removed, ...found];
    throw new LossSuspected('the run begins again, to look for data in what it removes');
  }

  async #checkSchema(): Promise<SchemaCheck> {
    const { connection, context, before, progress } = this.run;
    const check = await checkSchema(connection, context, before.count).catch((cause: unknown) => {
      const isContradiction = cause instanceof Failure && cause.outcome === 'usage';
      throw isContradiction ? failure('table-changed', [cause.message], { cause }) : cause;
    });
    const { count, failing } = check;
    const { length } = this.#recorded;
    const expected = progress.count + (context.direction === 'up' ? length : -length);
    const reason = `it lists ${count} migrations instead of ${expected}`;
    if (count !== expected) throw failure('table-changed', [reason]);
    if (duplicateRows(check) > duplicateRows(before))
      throw failure('table-changed', ['it lists a migration twice']);
    if (failing.length === 0) return check;
    const name = this.#recorded.at(-1)?.name ?? versionAt(context.project, count);
    throw failure('differs', [name, context.direction, failing], { differences: failing });
  }

  /** Rolls back what is not committed. Never throws: if the connection is lost, the server rolls back. */
  async rollback(): Promise<void> {
    this.refusesStatements = true;
    // RESET undoes what a migration SET outside the transaction, or committed itself. It is in one message
    // with ROLLBACK, so that a pooler sends both to the same session.
    const sql = this.isOpen() ? `ROLLBACK; ${RESET}` : RESET;
    await this.run.connection.query(sql).catch(() => undefined);
  }
}
