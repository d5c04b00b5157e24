import type { QueryResult } from 'pg';
import { connectionName, type Connection } from '../database/connection.ts';
import { isConnectionLost, sqlstateOf } from '../database/pg-errors.ts';
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
  /** True if something cannot be rolled back: a statement outside a transaction, or a migration's own COMMIT. */
  wroteOutside = false;
  /** True from sending COMMIT until the server confirms it: it is unknown whether it has committed. */
  isCommitting = false;
  /** What earlier attempts removed. Before its first migration, the next attempt looks for data there. */
  removed: readonly Removed[] = [];

  /** @param count how many migrations are applied and committed */
  constructor(public count: number) {}
}

/** What the modules that take part in one attempt of a run share. */
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
 * rolls back, and runs the migrations again in a transaction that first looks for data there.
 */
export class LossSuspected extends Error {}

const BEGAN = 'SELECT pg_catalog.transaction_timestamp()::text AS began';
const beganOf = (results: readonly QueryResult[]) =>
  (results.find(({ command }) => command === 'SELECT')?.rows[0] as { began: string }).began;

/** The transactions of a run, one after the other: what happens between BEGIN and COMMIT. */
export class RunTransaction {
  warnings: readonly Difference[] = [];
  /** The timestamp of the transaction, which identifies it. */
  #began = '';
  /** The migrations that are recorded in this transaction, and not committed yet. */
  #recorded: Done[] = [];

  constructor(private readonly run: RunContext) {}

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

  /** Makes the settings again, and records a migration. False if the transaction is not the run's own. */
  async record(done: Done, sql: string): Promise<boolean> {
    // The settings come first, so that a timeout that the migration has SET does not apply to its record.
    // SAVEPOINT fails if there is no transaction: a statement that was not awaited may have ended it just now.
    const text = `${this.#settings()} SAVEPOINT own; RELEASE own; ${BEGAN}; ${sql}`;
    const results = await this.run.connection.query(text).catch((error: unknown) => {
      if (sqlstateOf(error) === '25P01') return [];
      throw error;
    });
    this.#recorded.push(done);
    // A migration that sent `…; COMMIT; BEGIN` leaves a transaction that has another timestamp.
    return results.length > 0 && beganOf(results) === this.#began;
  }

  /**
   * Tells whether the transaction is the run's own, and whether it has written something. If it has not,
   * there is nothing to check. A check could even fail: after an interrupted run, the schema may be wrong
   * until a later migration corrects it.
   */
  async state(): Promise<{ readonly isOwn: boolean; readonly hasWritten: boolean }> {
    const query = 'SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS written';
    // Make the settings again: the function of a migration may have SET something, which COMMIT would keep.
    const results = await this.run.connection.query(`${this.#settings()} ${BEGAN}; ${query}`);
    const { written } = results.at(-1)?.rows[0] as { written: boolean };
    return { isOwn: beganOf(results) === this.#began, hasWritten: written };
  }

  /** Makes sure that no data is lost, that the schema is as expected, and that the run lock is held. */
  async check(): Promise<SchemaCheck> {
    await this.#refuseUncheckedRemovals();
    const check = await this.#checkSchema();
    await this.run.lock.assertHeld();
    return check;
  }

  /** Commits what {@link check} has checked. */
  async commit({ count, warnings }: SchemaCheck): Promise<void> {
    const { connection, context, progress } = this.run;
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
    if (failing.length === 0) return check;
    const name = this.#recorded.at(-1)?.name ?? versionAt(context.project, count);
    throw failure('differs', [name, context.direction, failing], { differences: failing });
  }

  /** Rolls back what is not committed. Never throws: if the connection is lost, the server rolls back. */
  async rollback(): Promise<void> {
    const { connection, progress } = this.run;
    if (!this.isOpen() && !progress.wroteOutside) return;
    // RESET undoes what a migration SET outside the transaction, or committed itself. It is in the same message
    // as ROLLBACK, so that a pooler sends both to the same session.
    const sql = this.isOpen() ? `ROLLBACK; ${RESET}` : RESET;
    await connection.query(sql).catch(() => undefined);
  }
}
