import type { Connection } from '../database/connection.ts';
import { isConnectionLost, sqlstateOf } from '../database/pg-errors.ts';
import type { Migration } from '../project/project.ts';
import { failure, type Failure } from '../report/errors.ts';
import { recordStatement, textOf, type StatementClient } from './framework.ts';
import {
  changesSession,
  controlsTransaction,
  isAtomic,
  prepareSession,
} from './session-settings.ts';
import { RunTransaction } from './transaction.ts';

type Sent = Parameters<Connection['send']>;

/** The current migration, from the start of its function until it is recorded. */
interface Running {
  readonly since: number;
  /** Returns false once the function of the migration has called `pgm.noTransaction()`. */
  readonly isInside: () => boolean;
  /** Set by the first statement outside a transaction. All such statements wait for it. */
  prepared?: ReturnType<typeof prepareSession>;
}

/**
 * The database client that the framework gets. The client begins and commits the transactions: the framework
 * sends no BEGIN and no COMMIT. The client refuses a statement that comes too late, or that would end the
 * transaction, and forwards all others. In the table below, "the record" of a migration is the statement by
 * which the framework adds the migration to the migrations table, or deletes it there.
 *
 * | the framework sends                         | this client does                                      |
 * | ------------------------------------------- | ----------------------------------------------------- |
 * | the first statement outside a transaction   | COMMIT, prepares the session, forwards it             |
 * | the record of a migration, in a transaction | sends the settings again, forwards it, checks that    |
 * |                                             | the transaction is still the run's own                |
 * | the record, outside a transaction           | BEGIN, the record as above, and COMMIT                |
 * | (at the end of the run)                     | COMMIT                                                |
 *
 * COMMIT is {@link RunTransaction.commit}, which checks the schema first.
 */
export class FrameworkClient extends RunTransaction implements StatementClient {
  /** The error to report: the first one, since later ones often say only "current transaction is aborted". */
  firstError: { readonly error: unknown; readonly sql: string } | undefined;
  /** Undefined between the record of a migration and the start of the next one. */
  #running: Running | undefined;
  /** The last migration that sent a statement in the transaction. If COMMIT fails, the failure names it. */
  #lastInside: Migration | undefined;
  /** How many statements were sent outside a transaction. */
  #sentOutside = 0;

  async onStart(migration: Migration, isInside: () => boolean): Promise<void> {
    this.current = migration;
    this.#running = { since: performance.now(), isInside };
    await this.begin();
  }

  async query(...sent: Sent): Promise<unknown> {
    const sql = textOf(sent[0]).trim();
    try {
      const result = await this.#handle(sql, sent);
      this.firstError = undefined; // The migration has handled earlier errors.
      return result;
    } catch (error) {
      if (this.state !== 'ended') this.firstError ??= { error, sql };
      throw error;
    }
  }

  async #handle(sql: string, sent: Sent): Promise<unknown> {
    const { direction, options, settings, signal, tell } = this.attempt;
    signal.throwIfAborted();
    const running = this.#running;
    const isOutside = running?.isInside() === false;
    if (isOutside && this.state === 'accepting') running.prepared ??= this.#prepareOutside();
    await running?.prepared;
    if (this.state !== 'accepting') throw this.#tooLate(sql);
    if (options.verbose) tell(sql);
    if (sql === recordStatement(settings, this.current.name, direction)) {
      await this.#record(sql, isOutside);
      return undefined;
    }
    return isOutside ? await this.#sendOutside(running, sql, sent) : await this.#send(sql, sent);
  }

  /** Sends a statement in the transaction. */
  async #send(sql: string, sent: Sent): Promise<unknown> {
    const { connection } = this.attempt;
    const { file } = this.current;
    if (!this.isOpen()) throw this.endedByMigration();
    if (controlsTransaction(sql)) throw failure('controls-transaction', [file, sql], { file });
    // Before the first migration, the statements are those of the framework.
    if (this.#running) this.#lastInside = this.current;
    const sending = connection.send(...sent);
    // If the text was `…; COMMIT; <error>`, the transaction has ended. `pg` knows that only after the next
    // answer of the server, so send an empty query.
    await sending.catch(() => connection.query('')).catch(() => undefined);
    if (!this.isOpen()) throw this.endedByMigration();
    return await sending;
  }

  /** Sends a statement outside a transaction. It commits at once, so the run lock must be held. */
  async #sendOutside(running: Running, sql: string, sent: Sent): Promise<unknown> {
    const { connection, lock, progress } = this.attempt;
    const { file } = this.current;
    const isPooled = (await running.prepared)?.isPooled === true;
    if (isPooled && changesSession(sql)) throw failure('pooled-session', [file, sql], { file });
    await lock.assertHeld();
    // If the migration has ended or failed meanwhile, it did not await this statement.
    if (this.state !== 'accepting' || this.#running !== running) throw this.#tooLate(sql);
    const wroteBefore = progress.wroteOutside;
    progress.wroteOutside = true; // Until the server answers, the statement may have committed.
    const number = ++this.#sentOutside;
    try {
      return await connection.send(...sent);
    } catch (error) {
      const isRolledBack = sqlstateOf(error) !== '' && !isConnectionLost(error) && isAtomic(sql);
      const isLast = number === this.#sentOutside; // If this was not awaited, later ones may have committed.
      if (isRolledBack && isLast) progress.wroteOutside = wroteBefore;
      throw error;
    }
  }

  /** Commits the migrations before one that runs outside a transaction, and prepares the session for it. */
  async #prepareOutside() {
    const { connection, progress, settings } = this.attempt;
    const { file } = this.current;
    if (!this.isOpen()) throw this.endedByMigration();
    // The commit includes what this migration sent before it called pgm.noTransaction().
    const hasSentInside = this.#lastInside === this.current;
    const hasCommitted = await this.commit().catch((error: unknown) => {
      this.firstError ??= { error, sql: 'COMMIT' };
      this.current = this.#lastInside ?? this.current;
      throw error;
    });
    if (hasCommitted && hasSentInside) progress.wroteOutside = true;
    const session = await prepareSession(connection, settings, file);
    // If the migration did not await this statement, the run may have failed meanwhile.
    if (this.state === 'busy') this.state = 'accepting';
    return session;
  }

  async #record(sql: string, isOutside: boolean): Promise<void> {
    if (!this.#running)
      throw failure('table-changed', ['a migration added or deleted its own row']);
    const milliseconds = Math.round(performance.now() - this.#running.since);
    this.#running = undefined;
    if (isOutside) await this.begin();
    await this.restoreSettings(sql);
    this.recorded.push({ name: this.current.name, milliseconds });
    if (isOutside) await this.commit();
  }

  #tooLate(sql: string): Failure {
    return (this.late ??= failure('late-statement', [sql]));
  }
}
