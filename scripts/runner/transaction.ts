import { connectionName, type Connection } from '../database/connection.js';
import { sqlstateOf } from '../database/pg-errors.js';
import { Failure, failure } from '../report/errors.js';
import type { Difference, Direction, Done } from '../report/types.js';
import { checkSchema, wasThere, type SchemaCheck } from './check-schema.js';
import type { Context } from './context.js';
import { CENSUS, censusFrom, goneSince, refuseLoss, type Census } from './data-loss.js';
import type { LockMonitor } from './lock-monitor.js';
import type { RunLock } from './run-lock.js';
import { BEGIN, noTimeouts, RESET, runSettings } from './session-settings.js';

/** How far a run has come, in all of its attempts. */
export interface Progress {
  /** How many migrations are applied and committed. */
  count: number;
  readonly done: Done[];
  /** Whether a migration has sent a statement outside a transaction: it stays, recorded or not. */
  wroteOutside: boolean;
  /** Ids of tables and columns that a transaction removed, in which the next attempt first looks for data. */
  suspects: readonly string[];
}

/** What a run works with; `before` is the check when it began. */
export interface Run {
  readonly context: Context;
  readonly direction: Direction;
  readonly connection: Connection;
  readonly lock: RunLock;
  readonly monitor: LockMonitor;
  readonly before: SchemaCheck;
  readonly progress: Progress;
}

/** Thrown when a transaction has removed what may hold data: the run begins again, and looks there first. */
export class LossSuspected extends Error {}

/** The transactions of a run, one after the other: what happens between BEGIN and COMMIT. */
export class RunTransaction {
  warnings: readonly Difference[] = [];
  /** When the transaction began, which identifies it; undefined before the first one. */
  began: string | undefined;
  #census: Census = new Set();
  /** The migrations that the transaction records. */
  #recorded: Done[] = [];

  constructor(private readonly run: Run) {}

  isOpen(): boolean {
    return this.run.connection.client.getTransactionStatus() !== 'I';
  }

  async begin(): Promise<void> {
    if (this.isOpen()) return;
    const began = 'SELECT transaction_timestamp()::text AS began';
    const sql = `${BEGIN} ${this.#settings()} ${began}; ${CENSUS}`;
    const results = await this.run.connection.query(sql);
    this.began = (results.at(-2)?.rows[0] as { began: string }).began;
    this.#census = censusFrom(results.at(-1));
    const { connection, monitor, progress } = this.run;
    if (progress.suspects.length === 0) return;
    await monitor.during(refuseLoss(connection, progress.suspects));
    await connection.query(this.#settings());
  }

  #settings(): string {
    const { context, connection } = this.run;
    const name = connectionName('run', context.command); // RESET ALL removes what a pooler has set.
    return `${runSettings(context)} SET LOCAL application_name = '${name}'; ${noTimeouts(connection)}`;
  }

  /**
   * Records a migration, and makes the settings anew for the next one.
   *
   * @returns false where the transaction is not the one that the run began: then nothing is recorded
   */
  async record(done: Done, sql: string): Promise<boolean> {
    // A COMMIT and a BEGIN in one statement leave no trace but another timestamp of the transaction.
    const isOwn = `(transaction_timestamp() = '${this.began ?? ''}'::timestamptz)`;
    // The migration may have set a search_path in which functions and operators are others.
    const look = `SET LOCAL search_path = pg_catalog; SELECT 1 / ${isOwn}::int;`;
    const record = `RESET SESSION AUTHORIZATION; RESET ROLE; ${sql} ${this.#settings()}`;
    try {
      await this.run.monitor.during(this.run.connection.query(`${look} ${record}`));
    } catch (error) {
      if (sqlstateOf(error) === DIVISION_BY_ZERO) return false;
      throw error;
    }
    this.#recorded.push(done);
    return true;
  }

  /**
   * Guards data, checks the schema, proves that the run lock is held, and commits.
   *
   * @param refuse called just before COMMIT; throws if a statement arrived during the check
   */
  async commit(refuse: () => void): Promise<void> {
    const { connection, lock } = this.run;
    const [id] = await connection.query('SELECT pg_current_xact_id_if_assigned() AS id');
    const hasWritten = (id?.rows[0] as { id: string | null }).id !== null;
    // Nothing was written. After an interrupted run the schema may be wrong here; a later migration repairs it.
    if (!hasWritten) {
      await this.rollback();
      return;
    }
    await this.#guardData();
    await this.#check();
    await lock.assertHeld();
    refuse();
    this.run.context.signal.throwIfAborted();
    const [result] = await connection.query('COMMIT');
    // The server answers ROLLBACK to the COMMIT of a transaction in which a statement failed.
    if (result?.command !== 'COMMIT') throw new Error('the server rolled back at the COMMIT');
    const { progress } = this.run;
    progress.suspects = [];
    progress.count = this.#countAfter();
    progress.done.push(...this.#recorded.splice(0));
  }

  /** How many migrations are applied once this transaction is committed. */
  #countAfter(): number {
    const { direction, progress } = this.run;
    return progress.count + (direction === 'up' ? this.#recorded.length : -this.#recorded.length);
  }

  /** What is gone can be searched for data only in a transaction that has not removed it yet. */
  async #guardData(): Promise<void> {
    const { connection, context, progress } = this.run;
    if (context.options.allowDataLoss) return;
    const results = await connection.query(`SET CONSTRAINTS ALL IMMEDIATE; ${CENSUS}`);
    const gone = goneSince(this.#census, censusFrom(results.at(-1)));
    if (gone.every((id) => progress.suspects.includes(id))) return;
    progress.suspects = [...new Set([...progress.suspects, ...gone])];
    throw new LossSuspected('the run begins again, to look for data in what it removes');
  }

  async #check(): Promise<void> {
    const { connection, context, direction, before } = this.run;
    const expected = this.#countAfter();
    const check = await checkSchema(connection, context, before.count).catch((cause: unknown) => {
      const isContradiction = cause instanceof Failure && cause.outcome === 'usage';
      throw isContradiction ? failure('table-changed', [cause.message], { cause }) : cause;
    });
    const { count, failing, warnings } = check;
    const reason = `it has ${count} migrations, where ${expected} were applied`;
    if (count !== expected) throw failure('table-changed', [reason]);
    this.warnings = warnings;
    if (failing.length === 0) return;
    const name = this.#recorded.at(-1)?.name ?? null;
    const values = [name, direction, failing, wasThere(before, failing, direction)] as const;
    throw failure('differs', [...values], { differences: failing });
  }

  /** Undoes what is not committed. Never throws: a connection that is lost has rolled back. */
  async rollback(): Promise<void> {
    this.#recorded = [];
    if (this.isOpen()) await this.run.connection.query('ROLLBACK').catch(() => undefined);
  }

  /** Undoes what a migration has SET outside a transaction. Never throws. */
  async reset(): Promise<void> {
    await this.run.connection.query(RESET).catch(() => undefined);
  }
}

const DIVISION_BY_ZERO = '22012';
