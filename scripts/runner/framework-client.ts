import type { Migration } from '../project/project.ts';
import { failure, type Failure } from '../report/errors.ts';
import { recordStatement, type Statement, type StatementClient } from './framework.ts';
import { changesSession, controlsTransaction, leaveTransaction } from './session-settings.ts';
import { RunTransaction, type RunContext } from './transaction.ts';

type Sent = readonly [statement: Statement, values?: readonly unknown[]];

/**
 * The database client that the framework gets. It forwards every statement to the server, except for these:
 *
 * | the framework sends                         | this client does                                      |
 * | ------------------------------------------- | ----------------------------------------------------- |
 * | its first statement, `BEGIN`, `BEGIN;`      | BEGIN, and the settings of a run                      |
 * | the record of a migration, in a transaction | checks that the transaction is still the run's own,   |
 * |                                             | forwards it, and makes the settings anew              |
 * | the record of a migration, outside of one   | BEGIN, the same, and all that COMMIT does             |
 * | `COMMIT`, `COMMIT;`                         | the data-loss guard, the check of the schema, proof   |
 * |                                             | that the run lock is held, and COMMIT                 |
 * | `ROLLBACK`                                  | ROLLBACK                                              |
 *
 * The framework sends `COMMIT;` before a migration that asks for no transaction, and `BEGIN;` after it.
 */
export class FrameworkClient implements StatementClient {
  readonly transaction: RunTransaction;
  /** The migration that runs, or has run last. */
  current: Migration | undefined;
  /** The first statement that failed. Later errors often say only "current transaction is aborted". */
  firstError: { readonly error: unknown; readonly sql: string } | undefined;
  /** Set if a statement came during the check or after the run, when it would not be checked any more. */
  late: Failure | undefined;
  /**
   * What comes from the framework now:
   * - `between`: the framework's own statements, such as BEGIN and COMMIT
   * - `inside`: the statements of a migration, in the transaction of the run
   * - `outside`: the statements of a migration that asks for no transaction
   * - `closing`: nothing more may come, since the check runs, or the run is over
   */
  #phase: 'between' | 'inside' | 'outside' | 'closing' = 'between';
  /** True while the function of a migration runs. It may send statements itself, with `pgm.db`. */
  #isRunning = false;
  /** False as soon as that function has called `pgm.noTransaction()`. */
  #isInside = () => true;
  /**
   * The commit before a migration outside a transaction. It is made before the first statement of that
   * migration, sent by its function or by the framework.
   */
  #leaving: Promise<void> | undefined;
  /**
   * True until the framework sends its own `COMMIT;` before such a migration. Then nothing is left to commit.
   */
  #awaitsCommit = false;
  /** True behind a pooler, which may send each statement outside a transaction to another server session. */
  #isPooled = false;
  #since = performance.now();

  constructor(private readonly run: RunContext) {
    this.transaction = new RunTransaction(run);
  }

  starts(migration: Migration, isInside: () => boolean): void {
    this.current = migration;
    this.#isInside = isInside;
    this.#isRunning = true;
    this.#leaving = undefined;
    this.#phase = 'inside';
    this.#since = performance.now();
  }

  sends(isInside: boolean): void {
    this.#isRunning = false;
    this.#awaitsCommit = !isInside;
  }

  async query(...sent: Sent): Promise<unknown> {
    const sql = (typeof sent[0] === 'string' ? sent[0] : sent[0].text).trim();
    try {
      const result = await this.#handle(sql, sent);
      if (sql !== 'ROLLBACK') this.firstError = undefined; // The migration has handled the error.
      return result;
    } catch (error) {
      this.firstError ??= { error, sql };
      throw error;
    }
  }

  async #handle(sql: string, sent: Sent): Promise<unknown> {
    if (sql === 'ROLLBACK' && !this.#isRunning) {
      await this.rollback();
      return undefined;
    }
    const { context, direction } = this.run;
    context.signal.throwIfAborted();
    if (!this.#isInside()) await (this.#leaving ??= this.#leave());
    if (this.#phase === 'closing') throw this.#tooLate(sql);
    if (context.options.verbose) context.tell(sql);
    // The framework creates its table before it sends BEGIN. That must be in the transaction, too.
    if (this.transaction.began === undefined) await this.transaction.begin();
    const command = sql.replace(/;$/, '');
    const isFramework = this.#phase === 'between';
    const { name = '' } = this.current ?? {};
    if (command === 'COMMIT' && this.#awaitsCommit) this.#awaitsCommit = false;
    else if (command === 'BEGIN' && isFramework) await this.transaction.begin();
    else if (command === 'COMMIT' && isFramework) await this.#commit();
    else if (sql === recordStatement(context.settings, name, direction))
      await this.#record(name, sql);
    else return await this.#forward(sql, sent);
    return undefined;
  }

  async #forward(sql: string, sent: Sent): Promise<unknown> {
    const { file = '' } = this.current ?? {};
    if (this.#phase === 'outside') return await this.#sendOutside(file, sql, sent);
    if (!this.transaction.isOpen())
      throw this.#phase === 'inside' ? this.#left() : this.#tooLate(sql);
    if (controlsTransaction(sql)) throw failure('controls-transaction', [file, sql], { file });
    const result = await this.#send(sent);
    if (!this.transaction.isOpen()) throw this.#left();
    return result;
  }

  /** Outside a transaction, every statement commits at once: the run lock must be held before each. */
  async #sendOutside(file: string, sql: string, sent: Sent): Promise<unknown> {
    if (this.#isPooled && changesSession(sql))
      throw failure('pooled-session', [file, sql], { file });
    await this.run.lock.assertHeld();
    if (this.#phase !== 'outside') throw this.#tooLate(sql); // The migration has not awaited it.
    this.run.progress.wroteOutside = true;
    return await this.#send(sent);
  }

  #send(sent: Sent): Promise<unknown> {
    const [statement, values] = sent as readonly [string, unknown[]];
    return this.run.monitor.during(this.run.connection.client.query(statement, values));
  }

  async #record(name: string, sql: string): Promise<void> {
    const isOutside = this.#phase === 'outside';
    const milliseconds = Math.round(performance.now() - this.#since);
    this.#phase = 'between';
    if (isOutside) await this.transaction.begin();
    const isOwn =
      this.transaction.isOpen() && (await this.transaction.record({ name, milliseconds }, sql));
    if (!isOwn) throw this.#left();
    if (isOutside) await this.#commit();
  }

  async #commit(): Promise<void> {
    if (!this.transaction.isOpen()) return;
    this.#phase = 'closing';
    if (await this.transaction.hasWritten()) {
      await this.transaction.check();
      if (this.late !== undefined) throw this.late; // A statement came during the check.
      await this.transaction.commit();
    } else await this.transaction.rollback();
    this.#phase = 'between';
  }

  /** Commits the migrations before one that runs outside a transaction, and prepares the session for it. */
  async #leave(): Promise<void> {
    await this.transaction.begin();
    await this.#commit();
    this.#phase = 'closing';
    const { connection, context } = this.run;
    const { file = '' } = this.current ?? {};
    this.#isPooled = await leaveTransaction(connection, context.settings.schemas, file);
    this.#phase = 'outside';
  }

  /** Rolls back what is not committed. Never throws. */
  async rollback(): Promise<void> {
    this.#phase = 'closing';
    await this.transaction.rollback();
    if (this.run.progress.wroteOutside) await this.transaction.reset();
  }

  #left(): Failure {
    const { file = '' } = this.current ?? {};
    return failure('left-transaction', [file], { file });
  }

  #tooLate(sql: string): Failure {
    return (this.late ??= failure('late-statement', [sql]));
  }
}
