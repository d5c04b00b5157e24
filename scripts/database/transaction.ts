import type { QueryResult } from 'pg';
import { failure, type Failure } from '../errors.js';
import { ledgerStatement, type StatementClient, type Steps } from '../framework.js';
import type { Migration } from '../project.js';
import type { Loss } from '../report/events.js';
import type { Difference } from '../schema/compare.js';
import { checkCommitted, checkUncommitted } from './check-schema.js';
import type { Connection } from './connection.js';
import { guardData, removals } from './data-loss.js';
import type { RunLock } from './run-lock.js';
import type { Done, RunPlan } from './run-plan.js';
import { beginStatement, CHANGE, CONTROL, IS_MARKED, MARK, NO_IDLE_TIMEOUT, rowStatement } from './statements.js';
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
  /** What came when nothing could be sent any more: it would go unchecked. */
  late: Failure | undefined;
  #state: 'none' | 'inside' | 'outside' | 'closing' | 'over' = 'none';
  /** What of the framework's own is to come next: its first `BEGIN`, and those around a migration without a transaction. */
  #due: 'begin' | 'commit' | 'nothing' = 'begin';
  #done = 0;
  #hashed: boolean;
  #since = performance.now();
  #steps: readonly string[] = []; // What the migration announced and has not sent yet.
  /** Whether the migration that is under way is written down already, or struck out. */
  #recorded = false;

  constructor(
    private readonly connection: Connection,
    private readonly plan: RunPlan,
    private readonly lock: RunLock,
    private readonly watch: Watch,
  ) {
    this.#hashed = plan.inspection.access.ledger?.hashed ?? false;
  }

  async query(statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown> {
    const sql = (typeof statement === 'string' ? statement : statement.text).trim();
    try {
      const result = await this.#send(sql, statement, values);
      // What succeeds in a transaction proves that an error before it was taken back to a savepoint.
      if (this.#state === 'inside') this.error = this.statement = this.reached = undefined;
      return result;
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
    this.#steps = statements;
  }

  async #send(sql: string, statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown> {
    const word = sql.replace(/;$/, '').toUpperCase();
    // The framework's own have no semicolon, but for those around a migration without a transaction.
    if (sql === 'ROLLBACK') return this.rollback();
    if (this.#state === 'closing' || this.#state === 'over')
      throw (this.late ??= failure('failed', 'late-statement', [sql]));
    if (this.#state === 'none') await this.#begin();
    if (word === this.#due.toUpperCase()) return word === 'BEGIN' ? this.#begin() : this.#commit();
    if (sql === 'COMMIT' && this.#done === this.plan.migrations.length) return this.#commit();
    const next = this.plan.migrations[this.#done];
    const { project, direction } = this.plan;
    if (this.#state === 'inside' && CONTROL.test(sql))
      throw failure('failed', 'controls-transaction', [next?.file ?? '', word], { file: next?.file });
    if (next !== undefined && sql === ledgerStatement(project.settings, next.name, direction))
      return this.#record(next);
    if (this.#state === 'outside') {
      await this.lock.assertHeld(); // Each statement is a commit there.
      // What breaks off in reverting is for the next `up` to mend: so the row goes first.
      if (next !== undefined && direction === 'down' && !this.#recorded)
        await this.#commitRecord(this.#rowStatement(next));
      this.#recorded = direction === 'down';
      this.wentOutside = true;
    } else if (next !== undefined && sql === this.#steps[0]?.trim()) {
      this.#steps = this.#steps.slice(1);
      // The last one takes the row along, which saves a round trip. It may end in a comment.
      if (this.#steps.length === 0) return this.#sendRecorded(next, `${sql}\n;\n`);
    }
    return this.#sendWatched(statement, values);
  }

  async #sendWatched(statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown> {
    const result = await this.watch.during(this.connection.client.query(statement as string, values as unknown[]));
    if (this.#state === 'inside' && this.connection.client.getTransactionStatus() === 'I') this.#refuseLeft();
    return result;
  }

  /** Writes down in the transaction that a migration ran, with what comes before. */
  async #sendRecorded(migration: Migration, before = ''): Promise<void> {
    const result = await this.#sendWatched(before + this.#rowStatement(migration, IS_MARKED));
    // A `COMMIT` and a `BEGIN` inside one statement leave no other trace than that what was set locally is gone.
    if ([result as QueryResult | QueryResult[]].flat().at(-1)?.rowCount !== 1) this.#refuseLeft();
    this.#recorded = true;
  }

  #rowStatement(migration: Migration, condition?: string): string {
    const { project, direction } = this.plan;
    const hashed = this.#hashed;
    this.#hashed ||= direction === 'up';
    return rowStatement(project.settings.ledgerName, direction, migration, condition, hashed);
  }

  #refuseLeft(): never {
    const { file = '' } = this.plan.migrations[this.#done] ?? {};
    throw failure('partial', 'left-transaction', [file], { file });
  }

  async #begin(): Promise<void> {
    this.#due = this.#state === 'none' ? 'begin' : 'nothing';
    if (this.#state === 'inside') return;
    await this.connection.query(`${beginStatement(this.plan)} ${MARK} ${NO_IDLE_TIMEOUT}`);
    this.#state = 'inside';
    const remaining = this.plan.migrations.slice(this.#done);
    const losses = await this.watch.during(
      guardData(this.connection, removals(this.plan.project, remaining, this.plan.direction), this.plan.allowDataLoss),
    );
    if (this.#done === 0) this.losses = losses;
  }

  async #commit(): Promise<void> {
    this.#due = 'nothing';
    this.#state = 'closing';
    if (this.#done > this.committed || (await this.#hasWritten()))
      this.warnings = await checkUncommitted(this.connection, this.plan, this.#done);
    await this.lock.assertHeld();
    if (this.late !== undefined) throw this.late;
    const [result] = await this.connection.query('COMMIT');
    this.#state = this.#done === this.plan.migrations.length ? 'over' : 'outside';
    // A COMMIT of a transaction in which a statement failed is a ROLLBACK (manual, COMMIT).
    if (result?.command !== 'COMMIT') throw new Error('the transaction was rolled back at its commit');
    this.committed = this.#done;
  }

  /** Whether there is anything to commit. Where there is not, what broke off outside a transaction is no drift, but to mend. */
  async #hasWritten(): Promise<boolean> {
    if (this.committed === this.plan.migrations.length) return false;
    const [result] = await this.connection.query('SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS wrote');
    return (result?.rows[0] as { wrote: boolean }).wrote;
  }

  /** Outside a transaction, writing it down is a migration's commit, and it is checked before. */
  async #record(migration: Migration): Promise<void> {
    const milliseconds = Math.round(performance.now() - this.#since);
    if (this.#state === 'outside') {
      this.#state = 'closing';
      this.warnings = await checkCommitted(this.connection, this.plan, this.#done + 1);
      this.#due = 'begin';
      if (!this.#recorded) await this.#commitRecord(this.#rowStatement(migration));
      this.#state = 'outside';
    } else if (!this.#recorded) await this.#sendRecorded(migration);
    this.ran[this.#done] = { name: migration.name, milliseconds };
    this.#done++;
    this.#since = performance.now();
    this.#recorded = false;
  }

  /** Sends what is committed at once, and counts it. */
  async #commitRecord(sql: string): Promise<void> {
    await this.lock.assertHeld();
    if (this.late !== undefined) throw this.late;
    await this.connection.query(sql);
    const name = this.plan.migrations[this.#done]?.name ?? '';
    this.ran[this.#done] = { name, milliseconds: Math.round(performance.now() - this.#since) };
    this.committed = this.#done + 1;
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
