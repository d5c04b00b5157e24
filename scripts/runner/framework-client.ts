import { connectionName, type Connection } from '../database/connection.ts';
import { sqlstateOf } from '../database/pg-errors.ts';
import type { Migration } from '../project/project.ts';
import { failure, type Failure } from '../report/errors.ts';
import { recordStatement, textOf } from './framework.ts';
import { setUpSession } from './session-settings.ts';
import { changesSession, controlsTransaction, isAtomic } from './sql-text.ts';
import { RunTransaction } from './transaction.ts';

type Sent = Parameters<Connection['send']>;
const ignore = () => undefined;

/** What has failed. `sql` is the statement, unless the migration itself threw the error. */
export type FailedStep = Readonly<{ error: unknown; migration: Migration; sql?: string }>;

/**
 * The database client that the framework gets. The client begins and commits the transactions: the framework
 * sends no BEGIN and no COMMIT. The client refuses a statement that comes too late, ends the transaction, or
 * changes a session that a pooler gives to other clients, too. It forwards all other statements. In this
 * table, "the record" is the statement that inserts the row of a migration in the migrations table, or
 * deletes it.
 *
 * | the framework sends                         | this client does                                      |
 * | ------------------------------------------- | ----------------------------------------------------- |
 * | the first statement outside a transaction   | COMMIT, prepares the session, forwards it             |
 * | the record of a migration, in a transaction | restores the run's settings, and forwards it          |
 * | the record, outside a transaction           | BEGIN, the record as above, and COMMIT                |
 * | (at the end of the run)                     | COMMIT                                                |
 *
 * COMMIT is {@link RunTransaction.commit}, which checks the schema first. If a migration does not await its
 * statements, the client sends them one at a time, in their order, unless they come too late: see `query`.
 */
export class FrameworkClient extends RunTransaction {
  /** The first failed statement. Later ones often say only "current transaction is aborted". */
  #firstFailed: FailedStep | undefined;
  /** The failure of the first statement that came too late: after the record of its migration. */
  #late: Failure | undefined;
  /** True after the attempt has failed. */
  #hasFailed = false;
  /** Resolves when all statements that came so far are answered or refused. */
  #queue: Promise<unknown> = Promise.resolve();
  /** True from the record of a migration until the next migration starts. */
  #isRecorded = false;
  /** When the migration started. 0 before the first one: the statements are then those of the framework. */
  #startedAt = 0;
  #isInside = () => true;
  /** Whether a pooler is used. Undefined until the migration sends a statement outside a transaction. */
  #isPooled: Promise<boolean> | undefined;
  /** The last migration that sent a statement in a transaction. If COMMIT fails, the failure names it. */
  #lastInside: Migration | undefined;

  /** Called before a migration starts. `isInside()` is false if the migration called `noTransaction()`. */
  async onStart(migration: Migration, isInside: () => boolean): Promise<void> {
    this.current = migration;
    await this.begin();
    this.#startedAt = performance.now();
    this.#isInside = isInside;
    this.#isPooled = undefined;
    this.#isRecorded = false;
  }

  /** Queues a statement. Refuses one that comes between two migrations, or after the last: the run fails. */
  async query(...sent: Sent): Promise<unknown> {
    const { direction, settings } = this.attempt;
    const sql = textOf(sent[0]).trim();
    const isRecord = sql === recordStatement(settings, this.current.name, direction);
    if (this.#isRecorded && !isRecord) {
      this.#late ??= failure('late-statement', [sql]);
      throw this.#late;
    }
    this.#isRecorded = isRecord;
    const isOutside = !this.#isInside();
    const answer = this.#queue.then(() => this.#handle(sql, sent, isOutside, isRecord));
    this.#queue = answer.then(ignore, ignore);
    try {
      const result = await answer;
      this.#firstFailed = undefined; // The migration has handled the error, since it went on.
      return result;
    } catch (error) {
      // After the migration has failed, often nothing catches the error of another statement. An uncaught
      // error would hide the first one. So the promise of this statement stays pending for ever.
      if (this.#hasFailed) await new Promise(ignore);
      this.#firstFailed ??= { error, migration: this.current, sql };
      throw error;
    }
  }

  override assertValid(): void {
    this.attempt.signal.throwIfAborted();
    if (this.#late !== undefined) throw this.#late;
    if (this.#hasFailed) throw new Error('the migration has failed');
  }

  /** Ends an attempt that threw an error: sends no more statements of the migration, and rolls back. */
  async abandon(error: unknown): Promise<FailedStep> {
    const failed = this.#firstFailed ?? { error, migration: this.current };
    this.#hasFailed = true;
    await this.#queue;
    await this.rollBack();
    return failed;
  }

  async #handle(sql: string, sent: Sent, isOutside: boolean, isRecord: boolean): Promise<unknown> {
    const { assertLock, options, tell } = this.attempt;
    this.assertValid();
    if (isOutside) {
      await (this.#isPooled ??= this.#prepareOutside());
      await assertLock(); // The statement commits at once, so the lock must be held now.
      this.assertValid(); // The migration may have failed meanwhile.
    }
    if (options.verbose) tell(sql);
    if (isRecord) return this.record(sql, this.#startedAt, isOutside);
    return isOutside ? this.#sendOutside(sql, sent) : this.#sendInside(sql, sent);
  }

  async #sendInside(sql: string, sent: Sent): Promise<unknown> {
    const { connection } = this.attempt;
    const { file } = this.current;
    if (!this.isOpen()) throw this.endedByMigration();
    if (controlsTransaction(sql)) throw failure('controls-transaction', [file, sql], { file });
    if (this.#startedAt > 0) this.#lastInside = this.current;
    const sending = connection.send(...sent);
    // `…; COMMIT; <error>` ends the transaction. After an error, `pg` learns whether a transaction is open
    // only with the next answer of the server, so ask for one.
    await sending.catch(() => connection.isAlive());
    if (!this.isOpen()) throw this.endedByMigration();
    return await sending;
  }

  async #sendOutside(sql: string, sent: Sent): Promise<unknown> {
    const { command, connection, progress } = this.attempt;
    const { file } = this.current;
    const isPooled = await this.#isPooled;
    if (isPooled && changesSession(sql)) throw failure('pooled-session', [file, sql], { file });
    const [statement, ...values] = sent;
    // A pooler's session may have another application_name, so the lock monitor looks for this comment.
    const isMarked = isPooled && typeof statement === 'string';
    const named = isMarked ? `/* ${connectionName('run', command)} */ ${statement}` : statement;
    const wroteBefore = progress.wroteOutside;
    progress.wroteOutside = true; // Until the server answers, the statement may have committed.
    return await connection.send(named, ...values).catch(async (error: unknown) => {
      const isRefused = sqlstateOf(error) !== '' && (await connection.isAlive());
      if (isRefused && isAtomic(sql)) progress.wroteOutside = wroteBefore;
      throw error;
    });
  }

  /** Commits what came before statements outside a transaction. Returns what {@link setUpSession} returns. */
  async #prepareOutside() {
    const { progress } = this.attempt;
    if (!this.isOpen()) throw this.endedByMigration();
    // Commits also what this migration sent before it called pgm.noTransaction().
    const hasSentInside = this.#lastInside === this.current;
    const hasCommitted = await this.commit().catch((error: unknown) => {
      this.#firstFailed ??= { error, migration: this.#lastInside ?? this.current, sql: 'COMMIT' };
      throw error;
    });
    if (hasCommitted && hasSentInside) progress.wroteOutside = true;
    return await setUpSession(this.attempt, this.current.file);
  }
}
