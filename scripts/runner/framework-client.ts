import type { Connection } from '../database/connection.ts';
import type { Migration } from '../project/project.ts';
import { failure, type Failure } from '../report/errors.ts';
import { recordStatement, textOf, type StatementClient } from './framework.ts';
import { changesSession, controlsTransaction, prepareSession } from './session-settings.ts';
import type { RunTransaction } from './transaction.ts';

type Sent = Parameters<Connection['send']>;

/** A migration from the start of its function until it is recorded. */
interface Running {
  readonly since: number;
  /** The migration before this one. */
  readonly previous: Migration;
  /** False once its function has called `pgm.noTransaction()`. */
  readonly isInside: () => boolean;
  /** True if it has sent a statement in the transaction. */
  hasSentInside: boolean;
  /**
   * Set by its first statement outside a transaction, which prepares the session. Its other statements wait
   * for that. True behind a pooler, which may send each statement to another server session.
   */
  isPooled?: Promise<boolean>;
}

/**
 * The database client that the framework gets. The framework sends no BEGIN, COMMIT or ROLLBACK: this client
 * begins and commits the transactions. It refuses a statement that comes too late, or that would end the
 * transaction, and forwards all others. Before or after some of them, it does more. The record of a migration
 * is the statement that adds it to the migrations table, or deletes it there.
 *
 * | the framework sends                         | this client does                                      |
 * | ------------------------------------------- | ----------------------------------------------------- |
 * | the first statement outside a transaction   | COMMIT, prepares the session, forwards it             |
 * | the record of a migration, in a transaction | makes the settings anew, forwards it, and checks that |
 * |                                             | the transaction is still the run's own                |
 * | the record, outside a transaction           | BEGIN, the record as above, and COMMIT                |
 */
export class FrameworkClient implements StatementClient {
  /** The error to report: the first one, since later ones often say only "current transaction is aborted". */
  firstError: { readonly error: unknown; readonly sql: string } | undefined;
  /** Undefined between the record of a migration and the start of the next one. */
  #running: Running | undefined;

  constructor(readonly transaction: RunTransaction) {}

  async onStart(migration: Migration, isInside: () => boolean): Promise<void> {
    const previous = this.transaction.current;
    this.transaction.current = migration;
    this.#running = { since: performance.now(), isInside, hasSentInside: false, previous };
    await this.transaction.begin();
  }

  async query(...sent: Sent): Promise<unknown> {
    const sql = textOf(sent[0]).trim();
    try {
      const result = await this.#handle(sql, sent);
      this.firstError = undefined; // If there was an error, the migration has handled it.
      return result;
    } catch (error) {
      this.firstError ??= { error, sql };
      throw error;
    }
  }

  async #handle(sql: string, sent: Sent): Promise<unknown> {
    const { context } = this.transaction.run;
    context.signal.throwIfAborted();
    const running = this.#running;
    if (running && this.#isOutside()) await (running.isPooled ??= this.#prepareOutside(running));
    if (this.transaction.refusesStatements) throw this.#tooLate(sql);
    if (context.options.verbose) context.tell(sql);
    const { name } = this.transaction.current;
    const record = recordStatement(context.settings, name, context.direction);
    if (sql !== record) return await this.#forward(sql, sent);
    if (running === undefined) throw failure('table-changed', ['it added or deleted its own row']);
    await this.#record(running, sql);
    return undefined;
  }

  #isOutside(): boolean {
    return this.#running?.isInside() === false;
  }

  async #forward(sql: string, sent: Sent): Promise<unknown> {
    const { file } = this.transaction.current;
    if (this.#isOutside()) return await this.#sendOutside(file, sql, sent);
    if (!this.transaction.isOpen())
      throw this.#running ? this.transaction.leftTransaction() : this.#tooLate(sql);
    if (controlsTransaction(sql)) throw failure('controls-transaction', [file, sql], { file });
    if (this.#running) this.#running.hasSentInside = true;
    const sending = this.transaction.run.connection.send(...sent);
    // If the text was `…; COMMIT; <error>`, the transaction has ended. `pg` knows that only after the next
    // answer of the server, so send an empty query.
    await sending.catch(() => this.transaction.run.connection.query('')).catch(() => undefined);
    if (!this.transaction.isOpen()) throw this.transaction.leftTransaction();
    return await sending;
  }

  /** Outside a transaction, every statement commits at once: the run lock must be held before each. */
  async #sendOutside(file: string, sql: string, sent: Sent): Promise<unknown> {
    const isPooled = await this.#running?.isPooled;
    if (isPooled && changesSession(sql)) throw failure('pooled-session', [file, sql], { file });
    await this.transaction.run.lock.assertHeld();
    if (!this.#isOutside()) throw this.#tooLate(sql); // The migration ended meanwhile, without awaiting this.
    this.transaction.run.progress.wroteOutside = true;
    return await this.transaction.run.connection.send(...sent);
  }

  async #record({ since, isInside }: Running, sql: string): Promise<void> {
    const isOutside = !isInside();
    const milliseconds = Math.round(performance.now() - since);
    this.#running = undefined;
    if (isOutside) await this.transaction.begin();
    await this.transaction.record(milliseconds, sql);
    if (isOutside) await this.transaction.commit();
  }

  /** Commits the migrations before one that runs outside a transaction, and prepares the session for it. */
  async #prepareOutside({ hasSentInside, previous }: Running): Promise<boolean> {
    const { connection, context, progress } = this.transaction.run;
    if (!this.transaction.isOpen()) throw this.transaction.leftTransaction();
    const hasCommitted = await this.transaction.commit().catch((error: unknown) => {
      // This COMMIT is that of the earlier migrations. Blame the last of them, unless this one wrote, too.
      this.firstError ??= { error, sql: 'COMMIT' };
      if (!hasSentInside) this.transaction.current = previous;
      throw error;
    });
    // This also commits what the migration's own function wrote before it called pgm.noTransaction().
    if (hasCommitted && hasSentInside) progress.wroteOutside = true;
    const { file } = this.transaction.current;
    return await prepareSession(connection, context.settings, file);
  }

  #tooLate(sql: string): Failure {
    return (this.transaction.late ??= failure('late-statement', [sql]));
  }
}
