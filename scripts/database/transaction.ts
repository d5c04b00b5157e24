import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { failure } from '../errors.js';
import { ledgerStatement, type StatementClient } from '../framework.js';
import type { Direction } from '../ledger.js';
import type { Migration, Project } from '../project.js';
import { compare, type Difference } from '../schema/compare.js';
import type { Expectation } from '../schema/effects.js';
import type { Connection } from './connection.js';
import { guardData, removals, type Loss } from './data-loss.js';
import { namesOf, readSchema } from './inspect.js';
import type { RunLock } from './run-lock.js';
import type { Watch } from './watch.js';

/** What a run is to do, and how. */
export interface RunPlan {
  readonly project: Project;
  readonly direction: Direction;
  /** In the order in which they run. */
  readonly migrations: readonly Migration[];
  /** The expected schema after the first `count` of them. */
  expectationAfter(count: number): Expectation;
  /** Whether the migrations table has its column for the effect's hash already. */
  readonly hashed: boolean;
  readonly strict: boolean;
  readonly allowDataLoss: boolean;
  /** As PostgreSQL takes them: "2s". */
  readonly lockTimeout: string;
  readonly statementTimeout: string;
}

/** A migration of the run that is behind it. */
export interface Done {
  readonly name: string;
  readonly milliseconds: number;
}

/** `SET LOCAL`s for a transaction of a run. `transaction_timeout` is not known before PostgreSQL 17. */
export const beginStatement = (plan: Pick<RunPlan, 'lockTimeout' | 'statementTimeout' | 'project'>): string => {
  const path = [...plan.project.settings.searchPath, 'pg_temp'].map((schema) => pg.escapeIdentifier(schema)).join(', ');
  return `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL search_path = ${path};
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = ${pg.escapeLiteral(plan.lockTimeout)};
SET LOCAL statement_timeout = ${pg.escapeLiteral(plan.statementTimeout)};`;
};
const NO_IDLE_TIMEOUT = `SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings
  WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')`;

/** Adds the column that holds what a migration was checked against. */
export const addHashColumn = (ledger: string): string =>
  `ALTER TABLE ${ledger} ADD COLUMN IF NOT EXISTS effect_hash varchar(32);`;

/** Writes that down. */
export const hashStatement = (ledger: string, { name, effectHash }: Migration): string =>
  `UPDATE ${ledger} SET effect_hash = '${effectHash}' WHERE name = '${name}';`;

/**
 * What the framework takes for its database client: it lets no `COMMIT` through before the schema was compared with the
 * expected one and the run lock was seen to be held. A migration outside a transaction gets the same before it is written
 * down. The transaction begins with the framework's first statement, so that a refused run leaves nothing behind.
 */
export class CheckedTransaction implements StatementClient {
  /** Migrations that ran; the first `committed` of them are there to stay. */
  readonly done: Done[] = [];
  committed = 0;
  /** Differences that are no reason to refuse. */
  warnings: readonly Difference[] = [];
  losses: Loss[] = [];
  /** The first error, and the statement that it came from; the framework's own error has less in it. */
  error: unknown;
  statement: string | undefined;
  /** How many migrations had run when the first attempt to roll back was made: the next one is the one that failed. */
  reached: number | undefined;
  #state: 'none' | 'inside' | 'outside' = 'none';
  #hashed: boolean;
  #since = performance.now();

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
      if (this.error === undefined) [this.error, this.statement] = [error, sql];
      throw error;
    }
  }

  async #send(sql: string, statement: string | { text: string }, values?: readonly unknown[]): Promise<unknown> {
    const word = sql.replace(/;$/, '').toUpperCase();
    if (word === 'ROLLBACK') return this.rollback();
    if (this.#state === 'none' || (word === 'BEGIN' && this.#state === 'outside')) await this.#begin();
    if (word === 'BEGIN') return undefined;
    if (word === 'COMMIT') return this.#commit();
    const next = this.plan.migrations[this.done.length];
    const { settings } = this.plan.project;
    if (next !== undefined && sql === ledgerStatement(settings, next.name, this.plan.direction))
      return this.#record(next, sql);
    const result = await this.watch.during(this.connection.client.query(statement as string, values as unknown[]));
    if (this.#state === 'inside' && this.connection.client.getTransactionStatus() === 'I')
      throw failure('partial', 'left-transaction', [next?.file ?? settings.migrationsDir], { file: next?.file });
    return result;
  }

  async #begin(): Promise<void> {
    await this.connection.query(`${beginStatement(this.plan)} ${NO_IDLE_TIMEOUT}`);
    this.#state = 'inside';
    const remaining = this.plan.migrations.slice(this.done.length);
    const losses = await this.watch.during(
      guardData(this.connection, removals(remaining, this.plan.direction), this.plan.allowDataLoss),
    );
    if (this.done.length === 0) this.losses = losses;
  }

  async #commit(): Promise<void> {
    if (this.#state !== 'inside') return;
    await this.#check(false);
    const [result] = await this.connection.query('COMMIT');
    this.#state = 'outside';
    // A COMMIT of a transaction in which a statement failed is a ROLLBACK (manual, COMMIT).
    if (result?.command !== 'COMMIT') throw failure('failed', 'not-committed', []);
    this.committed = this.done.length;
  }

  /** Writes down that a migration ran; outside a transaction that is its commit, and it is checked before. */
  async #record(migration: Migration, sql: string): Promise<void> {
    const { ledgerName } = this.plan.project.settings;
    this.done.push({ name: migration.name, milliseconds: Math.round(performance.now() - this.#since) });
    this.#since = performance.now();
    if (this.#state === 'outside')
      await this.#check(true).catch((error: unknown) => {
        this.done.pop();
        throw error;
      });
    const statements = [sql];
    if (this.plan.direction === 'up') {
      if (!this.#hashed) statements.unshift(addHashColumn(ledgerName));
      statements.push(hashStatement(ledgerName, migration));
      this.#hashed = true;
    }
    await this.connection.query(statements.join('\n'));
    if (this.#state === 'outside') this.committed = this.done.length;
  }

  /** @throws Failure `differs`, or `unavailable` where the run lock was lost */
  async #check(alone: boolean): Promise<void> {
    const { plan } = this;
    const live = await readSchema(this.connection, namesOf(plan.project), alone);
    const { failing, warnings } = compare(plan.expectationAfter(this.done.length), live, plan.strict);
    this.warnings = warnings;
    if (failing.length > 0)
      throw failure('differs', 'differs', [this.done.at(-1)?.name ?? null, plan.direction, failing], {
        differences: failing,
      });
    await this.lock.assertHeld();
  }

  /** Undoes what is not committed. Never throws: a connection that is lost has rolled back. */
  async rollback(): Promise<void> {
    if (this.connection.client.getTransactionStatus() !== 'I')
      await this.connection.query('ROLLBACK').catch(() => undefined);
    this.#state = 'outside';
    this.reached ??= this.done.length;
    this.done.length = this.committed;
  }
}
