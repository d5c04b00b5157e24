import { performance } from 'node:perf_hooks';
import type { QueryResult } from 'pg';
import { failure } from '../errors.js';
import { ledgerStatement, type StatementClient, type Steps } from '../framework.js';
import type { Migration } from '../project.js';
import { compare, type Difference } from '../schema/compare.js';
import type { Connection } from './connection.js';
import { guardData, removals, type Loss } from './data-loss.js';
import { namesOf, readSchema } from './inspect.js';
import type { RunLock } from './run-lock.js';
import type { Done, RunPlan } from './run-plan.js';
import {
  addHashColumn,
  beginStatement,
  CHANGE,
  CONTROL,
  recordStatement,
  IS_MARKED,
  MARK,
  NO_IDLE_TIMEOUT,
} from './statements.js';
import type { Watch } from './watch.js';

/**
 * What the framework takes for its database client: it lets no `COMMIT` through before the schema was compared with the
 * expected one and the run lock was seen to be held. A migration outside a transaction gets the same before it is written
 * down. The transaction begins with the framework's first statement, so that a refused run leaves nothing behind.
 */
export class CheckedTransaction implements StatementClient {
  /** Migrations that ran, also those that were rolled back then; the first `committed` are there to stay. */
  readonly ran: Done[] = [];
  committed = 0;
  /** Differences that are no reason to refuse. */
  warnings: readonly Difference[] = [];
  losses: Loss[] = [];
  /** The first error, and the statement that it came from; the framework's own error has less in it. */
  error: unknown;
  statement: string | undefined;
  /** How many migrations were behind the run at its first error: the next one is the one that failed. */
  reached: number | undefined;
  /** Whether a migration has sent anything outside a transaction: that is there to stay, recorded or not. */
  wentOutside = false;
  #state: 'none' | 'inside' | 'outside' | 'over' = 'none';
  /** What of the framework's own is to come next: its first `BEGIN`, and those around a migration without a transaction. */
  #due: 'begin' | 'commit' | 'nothing' = 'begin';
  #done = 0;
  #hashed: boolean;
  #since = performance.now();
  /** Whether the row of the migration that is being reverted outside a transaction is deleted already. */
  #deleted = false;

  constructor(
    private readonly connection: Connection,
    private readonly plan: RunPlan,
    private readonly lock: RunLock,
    private readonly watch: Watch,
  ) {
    this.#hashed = plan.hashed;
  }

  async query(statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown> {
    const sql = (typeof statement === 'string' ? statement : statement.text).trim();
    try {
      return await this.#send(sql, statement, values);
    } catch (error) {
      if (this.error === undefined) [this.error, this.statement, this.reached] = [error, sql, this.#done];
      throw error;
    }
  }

  /** Called with what a migration is about to send. One that asks for no transaction first ends that of the run. */
  announce({ inside, statements }: Steps): void {
    const { file = '', effect = {}, effectFile = '' } = this.plan.migrations[this.#done] ?? {};
    if (Object.keys(effect).length === 0 && statements.some((statement) => CHANGE.test(statement)))
      throw failure('usage', 'effect-empty', [effectFile, file], { file: effectFile });
    this.#due = inside ? 'nothing' : 'commit';
  }

  async #send(sql: string, statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown> {
    const word = sql.replace(/;$/, '').toUpperCase();
    // The framework's own have no semicolon, but for those around a migration without a transaction.
    if (sql === 'ROLLBACK') return this.rollback();
    if (this.#state === 'none') await this.#begin();
    if (word === this.#due.toUpperCase()) return word === 'BEGIN' ? this.#begin() : this.#commit();
    if (sql === 'COMMIT' && this.#done === this.plan.migrations.length) return this.#commit();
    const next = this.plan.migrations[this.#done];
    const { project, direction } = this.plan;
    const file = next?.file ?? '';
    if (this.#state === 'over' || (this.#state === 'inside' && CONTROL.test(sql)))
      throw failure('failed', 'controls-transaction', [file, word], { file });
    const record = next === undefined ? undefined : ledgerStatement(project.settings, next.name, direction);
    if (next !== undefined && sql === record) return this.#record(next, sql);
    if (this.#state === 'outside') {
      await this.lock.assertHeld(); // Each statement is a commit there.
      // What breaks off in reverting is for the next `up` to mend: so the row goes first.
      if (record !== undefined && direction === 'down' && !this.#deleted) await this.#commitRecord(record);
      this.#deleted = direction === 'down';
      this.wentOutside = true;
    }
    const result = await this.watch.during(this.connection.client.query(statement as string, values as unknown[]));
    if (this.#state === 'inside' && this.connection.client.getTransactionStatus() === 'I')
      throw failure('partial', 'left-transaction', [file], { file });
    return result;
  }

  async #begin(): Promise<void> {
    this.#due = this.#state === 'none' ? 'begin' : 'nothing';
    if (this.#state === 'inside') return;
    await this.connection.query(`${beginStatement(this.plan)} ${MARK} ${NO_IDLE_TIMEOUT}`);
    this.#state = 'inside';
    const remaining = this.plan.migrations.slice(this.#done);
    const losses = await this.watch.during(
      guardData(this.connection, removals(remaining, this.plan.direction), this.plan.allowDataLoss),
    );
    if (this.#done === 0) this.losses = losses;
  }

  async #commit(): Promise<void> {
    this.#due = 'nothing';
    if (this.#done > this.committed || (await this.#hasWritten())) await this.#check(false, this.#done);
    await this.lock.assertHeld();
    const [result] = await this.connection.query('COMMIT');
    this.#state = 'outside';
    // A COMMIT of a transaction in which a statement failed is a ROLLBACK (manual, COMMIT).
    if (result?.command !== 'COMMIT') throw failure('failed', 'not-committed', []);
    this.committed = this.#done;
  }

  /**
   * Whether there is anything to commit. Where there is not, the schema is what it was: also with what a migration left
   * behind that broke off outside a transaction, which is no drift, but for its next attempt to mend.
   */
  async #hasWritten(): Promise<boolean> {
    if (this.committed === this.plan.migrations.length) return false;
    const [result] = await this.connection.query('SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS wrote');
    return (result?.rows[0] as { wrote: boolean }).wrote;
  }

  /** Writes down that a migration ran; outside a transaction that is its commit, and it is checked before. */
  async #record(migration: Migration, sql: string): Promise<void> {
    const { ledgerName } = this.plan.project.settings;
    const isUp = this.plan.direction === 'up';
    const milliseconds = Math.round(performance.now() - this.#since);
    if (this.#state === 'outside') await this.#check(true, this.#done + 1);
    const statements = [isUp ? recordStatement(ledgerName, migration) : sql];
    if (isUp && !this.#hashed) statements.unshift(addHashColumn(ledgerName));
    if (this.#state === 'inside')
      this.#assertSameTransaction(await this.connection.query([IS_MARKED, ...statements].join('\n')));
    else if (!this.#deleted) await this.#commitRecord(statements.join('\n'));
    this.ran[this.#done] = { name: migration.name, milliseconds };
    this.#done++;
    this.#since = performance.now();
    this.#hashed ||= isUp;
    if (this.#state === 'outside') this.#due = 'begin';
    this.#deleted = false;
  }

  /** A `COMMIT` and a `BEGIN` inside one statement leave no other trace than that what was set locally is gone. */
  #assertSameTransaction([marked]: readonly QueryResult[]): void {
    const { file } = this.plan.migrations[this.#done] ?? { file: '' };
    if ((marked?.rows[0] as { marked: boolean }).marked) return;
    throw failure('partial', 'left-transaction', [file], { file });
  }

  /** Sends what is committed at once, and counts it. */
  async #commitRecord(sql: string): Promise<void> {
    await this.lock.assertHeld();
    await this.connection.query(sql);
    const name = this.plan.migrations[this.#done]?.name ?? '';
    this.ran[this.#done] = { name, milliseconds: Math.round(performance.now() - this.#since) };
    this.committed = this.#done + 1;
  }

  /** @throws Failure `differs` */
  async #check(alone: boolean, count: number): Promise<void> {
    const { plan } = this;
    const live = await readSchema(this.connection, namesOf(plan.project), alone ? plan.lockTimeout : undefined);
    const { failing, warnings } = compare(plan.expectationAfter(count), live, plan.strict);
    this.warnings = warnings;
    const { name = null } = plan.migrations[count - 1] ?? {};
    if (failing.length > 0)
      throw failure('differs', 'differs', [name, plan.direction, failing], { differences: failing });
  }

  /** Undoes what is not committed. Never throws: a connection that is lost has rolled back. */
  async rollback(): Promise<void> {
    if (this.connection.client.getTransactionStatus() !== 'I')
      await this.connection.query('ROLLBACK').catch(() => undefined);
    this.#state = 'over';
    this.reached ??= this.#done;
    this.#done = this.committed;
  }
}
