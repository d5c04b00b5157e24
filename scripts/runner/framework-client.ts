import type { Migration } from '../project/project.js';
import { failure, type Failure } from '../report/errors.js';
import { recordStatement, type Statement, type StatementClient } from './framework.js';
import { changesSession, leaveTransaction, TRANSACTION_CONTROL } from './session-settings.js';
import { RunTransaction, type Run } from './transaction.js';

type Sent = readonly [statement: Statement, values?: readonly unknown[]];

/**
 * What the framework takes for its database client. It forwards every statement to the server, except:
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
  /** The migration that is at work, or was the last. */
  current: Migration | undefined;
  /** The first statement that failed. Later errors often say only "current transaction is aborted". */
  firstError: { readonly error: unknown; readonly sql: string } | undefined;
  /** A statement that came during the check, or after the run: it would go unchecked. */
  late: Failure | undefined;
  /**
   * `running`: the function of a migration is at work; `inside`: its statements are sent. `leaving`: it asks for
   * no transaction, and the framework sends COMMIT next.
   */
  #phase: 'between' | 'running' | 'inside' | 'leaving' | 'outside' | 'closing' = 'between';
  /** Behind a pooler, each statement outside a transaction may reach another server session. */
  #isPooled = false;
  #since = performance.now();

  constructor(private readonly run: Run) {
    this.transaction = new RunTransaction(run);
  }

  starts(migration: Migration): void {
    this.current = migration;
    this.#phase = 'running';
    this.#since = performance.now();
  }

  sends(isInside: boolean): void {
    this.#phase = isInside ? 'inside' : 'leaving';
  }

  async query(...sent: Sent): Promise<unknown> {
    const sql = (typeof sent[0] === 'string' ? sent[0] : sent[0].text).trim();
    try {
      const result = await this.#handle(sql, sent);
      if (sql !== 'ROLLBACK') this.firstError = undefined; // It has rolled back to a savepoint.
      return result;
    } catch (error) {
      this.firstError ??= { error, sql };
      throw error;
    }
  }

  async #handle(sql: string, sent: Sent): Promise<unknown> {
    if (sql === 'ROLLBACK' && this.#phase !== 'running') {
      await this.rollback();
      return undefined;
    }
    if (this.#phase === 'closing') throw this.#tooLate(sql);
    const { context, direction } = this.run;
    context.signal.throwIfAborted();
    if (context.options.verbose) context.tell(sql);
    if (this.transaction.began === undefined) await this.transaction.begin();
    const command = sql.replace(/;$/, '');
    const isFramework = this.#phase === 'between' || this.#phase === 'leaving';
    const { name = '' } = this.current ?? {};
    if (command === 'BEGIN' && isFramework) await this.transaction.begin();
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
      throw ['running', 'inside'].includes(this.#phase) ? this.#left() : this.#tooLate(sql);
    if (TRANSACTION_CONTROL.test(sql)) throw failure('controls-transaction', [file, sql], { file });
    const result = await this.#send(sent);
    if (!this.transaction.isOpen()) throw this.#left();
    return result;
  }

  /** Each statement is a commit there. */
  async #sendOutside(file: string, sql: string, sent: Sent): Promise<unknown> {
    if (this.#isPooled && changesSession(sql))
      throw failure('pooled-session', [file, sql], { file });
    await this.run.lock.assertHeld();
    if (this.#phase !== 'outside') throw this.#tooLate(sql); // The migration did not wait for it.
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
    const isLeaving = this.#phase === 'leaving';
    this.#phase = 'closing';
    await this.transaction.commit(() => {
      if (this.late !== undefined) throw this.late;
    });
    const { schemas } = this.run.context.settings;
    if (isLeaving)
      this.#isPooled = await leaveTransaction(
        this.run.connection,
        schemas,
        this.current?.file ?? '',
      );
    this.#phase = isLeaving ? 'outside' : 'between';
  }

  /** Undoes what is not committed. Never throws. */
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
