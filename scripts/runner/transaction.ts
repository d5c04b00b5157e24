import type { Connection } from '../database/connection.js';
import type { Migration } from '../project/project.js';
import { failure, Failure } from '../report/errors.js';
import type { Difference, Direction, Done } from '../report/types.js';
import type { Facts } from '../schema/effects.js';
import { checkSchema } from './check-schema.js';
import type { Context } from './context.js';
import { CENSUS, censusFrom, gone, refuseLoss, type Census } from './data-loss.js';
import { recordedName, type StatementClient } from './framework.js';
import type { LockMonitor } from './lock-monitor.js';
import type { RunLock } from './run-lock.js';
import { BEGIN, NO_TIMEOUTS, RESET, runSettings, searchPath } from './session-settings.js';

/** What a run works with. */
export interface Run {
  readonly context: Context;
  readonly direction: Direction;
  readonly connection: Connection;
  readonly lock: RunLock;
  readonly monitor: LockMonitor;
  /** How many migrations were applied when the run began, and the facts of the schema then. */
  readonly startedAt: number;
  readonly factsBefore: Facts;
}

/**
 * What the framework takes for its database client: it forwards every statement to the server, except
 *
 * | the framework sends                                  | this client does                                            |
 * | ---------------------------------------------------- | ----------------------------------------------------------- |
 * | its first statement, `BEGIN`, `BEGIN;`               | BEGIN, and the settings of a run                            |
 * | the row of a migration, inside a transaction         | forwards it; checks that the transaction is still the       |
 * |                                                      | run's own; makes the settings anew for the next migration   |
 * | the row of a migration, outside a transaction        | the same, with BEGIN before and what COMMIT does after it   |
 * | `COMMIT`, `COMMIT;`                                  | the data-loss guard, the check of the schema, proof that    |
 * |                                                      | the run lock is held, then COMMIT                           |
 * | `ROLLBACK`                                           | ROLLBACK                                                    |
 *
 * The framework sends `COMMIT;` before a migration that asks for no transaction, and `BEGIN;` after it.
 */
export class CheckedTransaction implements StatementClient {
  /** The migrations that are committed, in order. */
  readonly committed: Done[] = [];
  /** Whether a migration has sent a statement outside a transaction: it stays, recorded or not. */
  wroteOutside = false;
  warnings: readonly Difference[] = [];
  /** The migration that is at work. */
  current: Migration | undefined;
  /** The first error of the transaction, and its statement: the framework's own error may say less. */
  firstError: { readonly error: unknown; readonly sql: string } | undefined;
  /** A statement that came when the schema was being checked, or later: it would go unchecked. */
  late: Failure | undefined;

  /** `leaving`: the migration has asked for no transaction, and the framework sends COMMIT next. */
  #phase: 'between' | 'inside' | 'leaving' | 'outside' | 'closing' = 'between';
  /** When the open transaction began: it identifies the transaction. Undefined before the first one. */
  #began: string | undefined;
  #census: Census = new Set();
  /** The statements of the open transaction, to send them again. */
  #sent: {
    readonly statement: string | { text: string };
    readonly values: readonly unknown[] | undefined;
  }[] = [];
  /** Migrations that the open transaction has recorded. */
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

  async query(statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown> {
    const sql = (typeof statement === 'string' ? statement : statement.text).trim();
    if (sql === 'ROLLBACK') return await this.rollback();
    try {
      const result = await this.#handle(sql, statement, values);
      this.firstError = undefined; // Later statements succeed only after a rollback to a savepoint.
      return result;
    } catch (error) {
      this.firstError ??= { error, sql };
      throw error;
    }
  }

  async #handle(
    sql: string,
    statement: string | { text: string },
    values?: readonly unknown[],
  ): Promise<unknown> {
    if (this.#phase === 'closing') throw this.#tooLate(sql);
    this.run.context.emit({ type: 'statement', sql });
    const command = sql.replace(/;$/, '');
    const isOwn = this.#phase === 'between' || this.#phase === 'leaving';
    if (this.#began === undefined) await this.#begin();
    if (command === 'BEGIN' && isOwn) return await this.#begin();
    if (command === 'COMMIT' && isOwn) return await this.#commit();
    const name = recordedName(this.run.context.settings, sql);
    if (name !== undefined) return await this.#record(name, sql);
    if (this.#phase === 'outside') {
      await this.run.lock.assertHeld(); // There each statement is a commit.
      this.wroteOutside = true;
    } else if (!this.#isOpen())
      throw this.#phase === 'inside' ? this.#leftTransaction() : this.#tooLate(sql);
    else if (TRANSACTION_CONTROL.test(sql)) {
      const file = this.current?.file ?? '';
      throw failure('failed', 'controls-transaction', [file, command], { file });
    }
    return await this.#send(statement, values);
  }

  async #begin(): Promise<void> {
    if (this.#isOpen()) return;
    const began = `SELECT transaction_timestamp()::text AS began`;
    const results = await this.run.connection.query(
      `${BEGIN} ${this.#settings()} ${began}; ${CENSUS}`,
    );
    const [first, second] = results.slice(-2).map(({ rows }) => rows[0] as unknown);
    this.#began = (first as { began: string }).began;
    this.#census = censusFrom(second as Parameters<typeof censusFrom>[0]);
    [this.#sent, this.#recorded] = [[], []];
  }

  #settings(): string {
    return `${runSettings(this.run.context)} ${NO_TIMEOUTS}`;
  }

  #isOpen(): boolean {
    return this.run.connection.client.getTransactionStatus() !== 'I';
  }

  async #send(statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown> {
    const { client } = this.run.connection;
    if (this.#phase !== 'outside') this.#sent.push({ statement, values });
    const result = await this.run.monitor.during(
      client.query(statement as string, values as unknown[]),
    );
    if (this.#phase === 'inside' && !this.#isOpen()) throw this.#leftTransaction();
    return result;
  }

  /** A COMMIT and a BEGIN in one statement leave no trace but another timestamp of the transaction. */
  async #record(name: string, sql: string): Promise<void> {
    const isOutside = this.#phase === 'outside';
    const milliseconds = Math.round(performance.now() - this.#since);
    if (isOutside) {
      this.#phase = 'between';
      await this.#begin();
    }
    if (!this.#isOpen()) throw this.#leftTransaction();
    const own = `SELECT transaction_timestamp() = '${this.#began ?? ''}'::timestamptz AS own;`;
    const results = [await this.#send(`${sql} ${own} ${this.#settings()}`)].flat() as {
      rows: { own?: boolean }[];
    }[];
    if (!results.some(({ rows }) => rows[0]?.own === true)) throw this.#leftTransaction();
    this.#phase = 'between';
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
      // PostgreSQL answers the COMMIT of a transaction in which a statement failed with ROLLBACK.
      if (result?.command !== 'COMMIT')
        throw new Error('the server rolled the transaction back at its COMMIT');
      this.committed.push(...this.#recorded);
      this.#recorded = [];
    } else await connection.query('ROLLBACK');
    if (isLeaving) await this.#enterOutside();
    this.#phase = isLeaving ? 'outside' : 'between';
  }

  /** Where nothing is written, nothing is checked: a migration that broke off outside a transaction is for the next to mend. */
  async #hasWritten(): Promise<boolean> {
    const [result] = await this.run.connection.query(
      'SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS wrote',
    );
    return (result?.rows[0] as { wrote: boolean }).wrote;
  }

  /** If something is gone, begins again, looks whether it held data, and if not, sends the statements once more. */
  async #guardData(): Promise<void> {
    const { connection, context, monitor } = this.run;
    if (context.options.allowDataLoss) return;
    const results = await connection.query(`SET CONSTRAINTS ALL IMMEDIATE; ${CENSUS}`);
    const ids = gone(
      this.#census,
      censusFrom(results.at(-1)?.rows[0] as Parameters<typeof censusFrom>[0]),
    );
    if (ids.length === 0) return;
    const [sent, recorded] = [this.#sent, this.#recorded];
    await connection.query('ROLLBACK');
    await this.#begin();
    await monitor.during(refuseLoss(connection, ids));
    await connection.query(this.#settings());
    for (const { statement, values } of sent)
      await monitor.during(connection.client.query(statement as string, values as unknown[]));
    this.#recorded = recorded;
  }

  async #check(): Promise<void> {
    const { connection, context, startedAt, direction, factsBefore } = this.run;
    const { failing, warnings } = await checkSchema(connection, context, startedAt).catch(
      (error: unknown) => {
        const isContradiction = error instanceof Failure && error.outcome === 'usage';
        throw isContradiction
          ? failure('failed', 'table-changed', [error.message], { cause: error })
          : error;
      },
    );
    this.warnings = warnings;
    if (failing.length === 0) return;
    const name = this.#recorded.at(-1)?.name ?? null;
    throw failure('differs', 'differs', [name, direction, failing, factsBefore], {
      differences: failing,
    });
  }

  /** Outside a transaction `SET LOCAL` has no effect, so an unqualified name could mean another schema. */
  async #enterOutside(): Promise<void> {
    const { connection, context } = this.run;
    const { schemas } = context.settings;
    const names = schemas.map((schema) => `'${schema.replaceAll("'", "''")}'`).join(', ');
    const [result] =
      await connection.query(`SELECT pg_backend_pid() AS pid, quote_ident(current_user) AS role,
      current_schemas(false) = ARRAY(SELECT n.nspname FROM unnest(ARRAY[${names}]::name[]) WITH ORDINALITY s(name, place)
        JOIN pg_catalog.pg_namespace n ON n.nspname = s.name WHERE has_schema_privilege(n.oid, 'USAGE') ORDER BY place) AS same`);
    const { pid, role, same } = result?.rows[0] as { pid: number; role: string; same: boolean };
    const isDirect = pid === (connection.client as unknown as { processID: number }).processID;
    const path = searchPath(schemas);
    if (isDirect) await connection.query(`SET search_path = ${path}`);
    else if (!same)
      throw failure('unavailable', 'pooled-search-path', [this.current?.file ?? '', role, path]);
  }

  /** Undoes what is not committed. Never throws: a connection that is lost has rolled back. */
  async rollback(): Promise<void> {
    const isOutside = this.#phase === 'outside';
    this.#phase = 'closing';
    const undo = this.#isOpen() ? 'ROLLBACK' : isOutside ? RESET : undefined;
    if (undo !== undefined) await this.run.connection.query(undo).catch(() => undefined);
    this.#recorded = [];
  }

  #leftTransaction(): Failure {
    const { file = '' } = this.current ?? {};
    return failure('partial', 'left-transaction', [file], { file });
  }

  #tooLate(sql: string): Failure {
    return (this.late ??= failure('failed', 'late-statement', [sql]));
  }
}

/** A statement that controls the transaction it is in, at its beginning (manual, part VI). */
const TRANSACTION_CONTROL =
  /^(?:\s|--.*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ROLLBACK(?!(?:\s+(?:WORK|TRANSACTION))?\s+TO\b)|ABORT|PREPARE\s+TRANSACTION)\b/i;
