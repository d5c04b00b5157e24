import { connectionName } from '../database/connection.ts';
import { messageOf } from '../database/pg-errors.ts';
import type { Migration } from '../project/project.ts';
import { versionAt } from '../project/version.ts';
import { failure, type Failure } from '../report/errors.ts';
import type { Difference, FinishedMigration } from '../report/types.ts';
import { checkSchema, type SchemaCheck } from './check-schema.ts';
import type { Attempt, Removed } from './context.ts';
import { findRemoved, refuseLoss } from './data-loss.ts';
import { BEGIN, noTimeouts, RESET, runSettings } from './session-settings.ts';

/** When the open transaction began, as SQL. This identifies the transaction. */
const BEGAN = 'pg_catalog.transaction_timestamp()::text';
/** The error of the server has this text if a migration has ended the transaction. */
const HAS_ENDED = 'the transaction of the run has ended';

/**
 * Runs what COMMIT would run after the check: deferred triggers, and then the triggers that these defer. The
 * third round may only read. Also closes cursors: COMMIT would run the query of a cursor WITH HOLD.
 */
const LAST_WRITES = `SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL IMMEDIATE;
SET TRANSACTION READ ONLY; SET CONSTRAINTS ALL IMMEDIATE; CLOSE ALL`;

/** Begins, checks and commits the transactions of a run. FrameworkClient sends the statements in them. */
export abstract class RunTransaction {
  warnings: readonly Difference[] = [];
  /** Tables and columns that the transaction removed, perhaps with data: the run must begin again. */
  removed: readonly Removed[] = [];
  /** The value of {@link BEGAN} for the transaction that was begun last. */
  #began = '';
  /** The migrations that the framework has recorded in the open transaction. */
  readonly #recorded: FinishedMigration[] = [];

  /** `initialCheck` is from the start of the attempt. `current` is the migration that runs or ran last. */
  constructor(
    readonly attempt: Attempt,
    readonly initialCheck: SchemaCheck,
    protected current: Migration,
  ) {}

  /** True while a transaction is open: status T, or E if it has failed. Status I means that none is open. */
  protected readonly isOpen = () => this.attempt.connection.client.getTransactionStatus() !== 'I';

  /** Throws if the command was stopped, a statement came too late, or the attempt has failed. */
  abstract assertValid(): void;

  /** Begins a transaction, unless one is open. Looks for data in what a rolled back attempt removed. */
  async begin(): Promise<void> {
    if (this.isOpen()) return;
    const { connection, isHeld, progress } = this.attempt;
    // During a failover, the two connections of a run may lead to two servers. The run lock would then not
    // protect the server that this transaction changes.
    const began = await this.#sendSettings(BEGIN, `CASE WHEN ${isHeld} THEN ${BEGAN} END`);
    if (began === null) throw failure('run-lock-lost', []);
    this.#began = began;
    if (progress.removed.length === 0) return;
    await refuseLoss(connection, progress.removed);
    await this.#restoreSettings(); // refuseLoss has changed some.
  }

  /** Sends the record of the current migration. If `isOutside`, begins and commits a transaction for it. */
  protected async record(sql: string, startedAt: number, isOutside: boolean): Promise<void> {
    const milliseconds = Math.round(performance.now() - startedAt);
    if (isOutside) await this.begin();
    await this.#restoreSettings(sql);
    this.#recorded.push({ name: this.current.name, milliseconds });
    if (isOutside) await this.commit();
  }

  /**
   * Commits the open transaction if no data would be lost, the schema is as expected, and the run lock is
   * still held. Otherwise throws. A transaction that has written nothing is rolled back without a check: the
   * schema may be wrong since an interrupted run, until the next migration repairs it outside a transaction.
   *
   * @returns true if something was committed
   */
  async commit(): Promise<boolean> {
    if (!this.isOpen()) return false;
    const { assertLock, direction, options, progress } = this.attempt;
    const xid = await this.#restoreSettings(LAST_WRITES);
    // A recorded migration is checked even if nothing was written: a trigger may have discarded its row.
    if (xid === null && this.#recorded.length === 0) {
      await this.rollBack();
      return false;
    }
    if (!options.allowDataLoss) this.removed = await findRemoved(this.attempt);
    // Only an error stops the framework. attemptRun() catches it, and begins again.
    if (this.removed.length > 0) throw new Error('the run begins again, to look for data');
    const check = await checkSchema(this.attempt, this.initialCheck.count);
    this.#assertRecords(check);
    this.assertValid(); // A statement that came too late may be the cause of differences.
    this.#assertSchema(check);
    await assertLock();
    this.assertValid();
    await this.#sendCommit();
    progress.removed = [];
    progress.wroteOutside = false; // The check has seen what was written outside.
    progress.count = check.count;
    progress[direction].push(...this.#recorded.splice(0));
    this.warnings = check.warnings;
    return true;
  }

  /** Rolls back what is not committed. Never throws: if the connection is lost, the server rolls back. */
  protected async rollBack(): Promise<void> {
    // ROLLBACK keeps a setting that was made outside a transaction, or that the migration itself committed.
    // RESET undoes it. Both are one message, so a pooler sends them to the same session of the server.
    const sql = this.isOpen() ? `ROLLBACK; ${RESET}` : RESET;
    await this.attempt.connection.query(sql).catch(() => undefined);
  }

  /** Makes the failure of a migration that ended the transaction. Notes that it may have committed. */
  protected endedByMigration(): Failure {
    const { file } = this.current;
    this.attempt.progress.wroteOutside = true;
    return failure('left-transaction', [file], { file });
  }

  /**
   * Sends the settings of a run again, and then `sql`. Fails if the migration has ended the transaction.
   * Returns the id of the transaction, which it has once it has written something.
   */
  async #restoreSettings(sql = ''): Promise<string | null> {
    // In another transaction, the cast to int fails, and the server does not run `sql`. If none is open, this
    // message is a transaction of its own.
    const xid = `CASE ${BEGAN} WHEN '${this.#began}' THEN pg_catalog.pg_current_xact_id_if_assigned()::text
      ELSE pg_catalog.concat('${HAS_ENDED}')::int::text END`;
    return await this.#sendSettings('', xid, sql).catch((error: unknown) => {
      throw messageOf(error).includes(HAS_ENDED) ? this.endedByMigration() : error;
    });
  }

  /** Sends `first`, the settings and `last` as one message. Returns the value of `sql` before `last`. */
  async #sendSettings(first: string, sql: string, last = ''): Promise<string | null> {
    const { command, connection } = this.attempt;
    const name = connectionName('run', command); // Behind a pooler, RESET ALL undoes the name, too.
    const settings = `${runSettings(this.attempt)} SET LOCAL application_name = '${name}';`;
    const text = `${first} ${settings} ${noTimeouts(connection)} SELECT ${sql} AS value; ${last}`;
    const results = await connection.query(text);
    const row: unknown = results.find(({ command }) => command === 'SELECT')?.rows[0];
    return (row as { value: string | null }).value;
  }

  /** Throws if the migrations table has other rows than the framework wrote. */
  #assertRecords(check: SchemaCheck): void {
    const { direction, progress } = this.attempt;
    const { length } = this.#recorded;
    const expectedCount = progress.count + (direction === 'up' ? length : -length);
    const duplicates = ({ rows, count }: SchemaCheck) => rows.length - count;
    if (check.count === expectedCount && duplicates(check) <= duplicates(this.initialCheck)) return;
    throw failure('table-changed', ['its rows are not those that the framework wrote']);
  }

  /** Throws `differs` if the schema is not as expected, or `drift` if the migrations are not the cause. */
  #assertSchema({ count, failing, warnings }: SchemaCheck): void {
    if (failing.length === 0) return;
    const { direction, progress, project } = this.attempt;
    const initial = this.initialCheck;
    const details = { differences: failing, warnings };
    const known = new Set(initial.failing.map((difference) => JSON.stringify(difference)));
    const wasInitial = (difference: Difference) => known.has(JSON.stringify(difference));
    // A difference that was there before the attempt is not the fault of its migrations, unless one of them
    // ran outside a transaction: that may have caused the difference, in an earlier attempt or run.
    const isUntouched = progress.count === initial.count && !progress.wroteOutside;
    if (isUntouched && failing.every(wasInitial))
      throw failure('drift', [versionAt(project, initial.count)], details);
    throw failure('differs', [versionAt(project, count), direction], details);
  }

  async #sendCommit(): Promise<void> {
    const { connection, progress } = this.attempt;
    progress.isCommitting = true;
    const [result] = await connection.query('COMMIT').catch(async (error: unknown) => {
      // A server that still answers has rolled back. If there is no answer, it may have committed.
      progress.isCommitting = !(await connection.isAlive());
      throw error;
    });
    progress.isCommitting = false;
    // The server answers ROLLBACK to COMMIT if an earlier statement of the transaction failed.
    if (result?.command !== 'COMMIT') throw new Error('the server rolled back at the COMMIT');
  }
}
