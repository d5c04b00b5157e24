import { sessionOf, type Connection } from '../database/connection.js';
import type { Migration } from '../project/project.js';
import { failure, Failure } from '../report/errors.js';
import type { Difference, Direction, Done } from '../report/types.js';
import { checkSchema, type SchemaCheck } from './check-schema.js';
import type { Context } from './context.js';
import { CENSUS, censusFrom, goneSince, refuseLoss, type Census } from './data-loss.js';
import { recordStatement, type StatementClient } from './framework.js';
import type { LockMonitor } from './lock-monitor.js';
import type { RunLock } from './run-lock.js';
import { BEGIN, NO_TIMEOUTS, RESET, runSettings, searchPath } from './session-settings.js';

/** What a run works with; `before` is the check when it began. */
export interface Run {
  readonly context: Context;
  readonly direction: Direction;
  readonly connection: Connection;
  readonly lock: RunLock;
  readonly monitor: LockMonitor;
  readonly before: SchemaCheck;
}

type Sent = Parameters<StatementClient['query']>;

/**
 * What the framework takes for its database client. It forwards every statement to the server, except:
 *
 * | the framework sends                           | this client does                                                |
 * | --------------------------------------------- | --------------------------------------------------------------- |
 * | its first statement, `BEGIN`, `BEGIN;`        | BEGIN, and the settings of a run                                |
 * | the record of a migration, in a transaction   | forwards it, checks that the transaction is still the run's     |
 * |                                               | own, and makes the settings anew                                |
 * | the record of a migration, outside of one     | the same, with BEGIN before it, and after it all of the next    |
 * | `COMMIT`, `COMMIT;`                           | the data-loss guard, the check of the schema, proof that the    |
 * |                                               | run lock is held, and COMMIT                                    |
 * | `ROLLBACK`                                    | ROLLBACK                                                        |
 *
 * The framework sends `COMMIT;` before a migration that asks for no transaction, and `BEGIN;` after it.
 */
export class CheckedTransaction implements StatementClient {
  readonly committed: Done[] = [];
  warnings: readonly Difference[] = [];
  /** The migration that is at work. */
  current: Migration | undefined;
  /** Whether a migration has sent a statement outside a transaction: it stays, recorded or not. */
  wroteOutside = false;
  /** The first error, and its statement: the error that the framework throws may say less. */
  firstError: { readonly error: unknown; readonly sql: string } | undefined;
  /** A statement that came during the check, or after the run: it would go unchecked. */
  late: Failure | undefined;
  /** `leaving`: the migration asks for no transaction, and the framework sends COMMIT next. */
  #phase: 'between' | 'inside' | 'leaving' | 'outside' | 'closing' = 'between';
  /** When the open transaction began, which identifies it; undefined before the first one. */
  #began: string | undefined;
  #census: Census = new Set();
  /** The statements of the open transaction, and the migrations that it records. */
  #sent: Sent[] = [];
  #recorded: Done[] = [];
  #since = performance.now();

  constructor(private readonly run: Run) {}

  starts(migration: Migration): void {
    this.current = migration;
    this.#phase = 'inside';
    this.#since = performance.now();
  }

  sends(isInside: boolean): void {
    this.#phase = isInside ? 'inside' : 'leaving';
  }

  async query(...sent: Sent): Promise<unknown> {
    const sql = (typeof sent[0] === 'string' ? sent[0] : sent[0].text).trim();
    if (sql === 'ROLLBACK') return await this.rollback();
    try {
      const result = await this.#handle(sql, sent);
      this.firstError = undefined; // A statement that succeeds comes after a rollback to a savepoint.
      return result;
    } catch (error) {
      this.firstError ??= { error, sql };
      throw error;
    }
  }

  async #handle(sql: string, sent: Sent): Promise<unknown> {
    if (this.#phase === 'closing') throw this.#tooLate(sql);
    const { context, lock, direction } = this.run;
    context.emit({ type: 'statement', sql });
    if (this.#began === undefined) await this.#begin();
    const command = sql.replace(/;$/, '');
    const isFramework = this.#phase === 'between' || this.#phase === 'leaving';
    if (command === 'BEGIN' && isFramework) return await this.#begin();
    if (command === 'COMMIT' && isFramework) return await this.#commit();
    const { name = '', file = '' } = this.current ?? {};
    if (sql === recordStatement(context.settings, name, direction))
      return await this.#record(name, sql);
    if (this.#phase === 'outside') {
      await lock.assertHeld(); // Each statement is a commit there.
      this.wroteOutside = true;
    } else if (!this.#isOpen()) throw this.#phase === 'inside' ? this.#left() : this.#tooLate(sql);
    else if (TRANSACTION_CONTROL.test(sql))
      throw failure('failed', 'controls-transaction', [file, command], { file });
    return await this.#send(sent);
  }

  #isOpen(): boolean {
    return this.run.connection.client.getTransactionStatus() !== 'I';
  }

  #settings(): string {
    return `${runSettings(this.run.context)} ${NO_TIMEOUTS}`;
  }

  async #begin(): Promise<void> {
    if (this.#isOpen()) return;
    const began = 'SELECT transaction_timestamp()::text AS began';
    const results = await this.run.connection.query(
      `${BEGIN} ${this.#settings()} ${began}; ${CENSUS}`,
    );
    const [first, second] = results.slice(-2).map(({ rows }) => rows[0] as unknown);
    this.#began = (first as { began: string }).began;
    this.#census = censusFrom(second);
    this.#sent = [];
  }

  async #send(sent: Sent): Promise<unknown> {
    const { client } = this.run.connection;
    if (this.#phase !== 'outside') this.#sent.push(sent);
    const result = await this.run.monitor.during(
      client.query(sent[0] as string, sent[1] as unknown[]),
    );
    if (this.#phase === 'inside' && !this.#isOpen()) throw this.#left();
    return result;
  }

  async #record(name: string, sql: string): Promise<void> {
    const isOutside = this.#phase === 'outside';
    const milliseconds = Math.round(performance.now() - this.#since);
    this.#phase = 'between';
    if (isOutside) await this.#begin();
    // A COMMIT and a BEGIN in one statement leave no trace but another timestamp of the transaction.
    const own = `SELECT transaction_timestamp() = '${this.#began ?? ''}'::timestamptz AS own;`;
    const results = this.#isOpen() ? await this.#send([`${sql} ${own} ${this.#settings()}`]) : [];
    if (!(results as { rows: { own?: boolean }[] }[]).some(({ rows }) => rows[0]?.own))
      throw this.#left();
    this.#recorded.push({ name, milliseconds });
    if (isOutside) await this.#commit();
    this.current = undefined;
  }

  async #commit(): Promise<void> {
    const { connection, lock } = this.run;
    if (!this.#isOpen()) return;
    const isLeaving = this.#phase === 'leaving';
    this.#phase = 'closing';
    if (this.#recorded.length > 0 || (await this.#hasWritten())) {
      await this.#guardData();
      await this.#check();
      await lock.assertHeld();
      if (this.late !== undefined) throw this.late;
      const [result] = await connection.query('COMMIT');
      // To the COMMIT of a transaction in which a statement failed, the server answers ROLLBACK.
      if (result?.command !== 'COMMIT')
        throw new Error('the server rolled back instead of committing');
      this.committed.push(...this.#recorded);
      this.#recorded = [];
    } else await connection.query('ROLLBACK');
    if (isLeaving) await this.#leave();
    this.#phase = isLeaving ? 'outside' : 'between';
  }

  /** Without anything to commit there is nothing to check: a crash outside a transaction is for this run to mend. */
  async #hasWritten(): Promise<boolean> {
    const [result] = await this.run.connection.query(
      'SELECT pg_current_xact_id_if_assigned() AS id',
    );
    return (result?.rows[0] as { id: string | null }).id !== null;
  }

  /** If something is gone, begins again, looks whether it held data, and if not, sends the statements once more. */
  async #guardData(): Promise<void> {
    const { connection, context, monitor } = this.run;
    if (context.options.allowDataLoss) return;
    const results = await connection.query(`SET CONSTRAINTS ALL IMMEDIATE; ${CENSUS}`);
    const gone = goneSince(this.#census, censusFrom(results.at(-1)?.rows[0]));
    if (gone.length === 0) return;
    const again = this.#sent;
    await connection.query('ROLLBACK');
    await this.#begin();
    await monitor.during(refuseLoss(connection, gone));
    await connection.query(this.#settings());
    for (const sent of again) await this.#send(sent);
  }

  async #check(): Promise<void> {
    const { connection, context, direction, before } = this.run;
    const { failing, warnings } = await checkSchema(connection, context, before.count).catch(
      (error: unknown) => {
        if (!(error instanceof Failure) || error.outcome !== 'usage') throw error;
        throw failure('failed', 'table-changed', [error.message], { cause: error });
      },
    );
    this.warnings = warnings;
    if (failing.length === 0) return;
    const name = this.#recorded.at(-1)?.name ?? null;
    throw failure('differs', 'differs', [name, direction, failing, before.facts], {
      differences: failing,
    });
  }

  /** Outside a transaction `SET LOCAL` has no effect, so an unqualified name could mean another schema. */
  async #leave(): Promise<void> {
    const { connection, context } = this.run;
    const path = searchPath(context.settings.schemas);
    const [result] =
      await connection.query(`SELECT pg_backend_pid() AS pid, quote_ident(current_user) AS role,
      current_schemas(false) = (SELECT array_agg(n.nspname ORDER BY place) FROM
        unnest(parse_ident('${path.replaceAll("'", "''").replaceAll(', ', '.')}')) WITH ORDINALITY s(name, place)
        JOIN pg_catalog.pg_namespace n ON n.nspname = s.name WHERE has_schema_privilege(n.oid, 'USAGE')) AS same`);
    const { pid, role, same } = result?.rows[0] as {
      pid: number;
      role: string;
      same: boolean | null;
    };
    if (pid === sessionOf(connection.client).processID)
      await connection.query(`SET search_path = ${path}`);
    else if (same !== true)
      throw failure('unavailable', 'pooled-search-path', [this.current?.file ?? '', role, path]);
  }

  /** Undoes what is not committed. Never throws: a connection that is lost has rolled back. */
  async rollback(): Promise<void> {
    const undo = this.#isOpen() ? 'ROLLBACK' : this.#phase === 'outside' ? RESET : 'SELECT';
    this.#phase = 'closing';
    await this.run.connection.query(undo).catch(() => undefined);
  }

  #left(): Failure {
    const { file = '' } = this.current ?? {};
    return failure('partial', 'left-transaction', [file], { file });
  }

  #tooLate(sql: string): Failure {
    return (this.late ??= failure('failed', 'late-statement', [sql]));
  }
}

/** A statement that begins or ends a transaction (manual, part VI). */
const TRANSACTION_CONTROL =
  /^(?:\s|--.*\n|\/\*[^]*?\*\/)*(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK(?!(?:\s+(?:WORK|TRANSACTION))?\s+TO\b)|ABORT|PREPARE\s+TRANSACTION)\b/i;
