import type { MigrationBuilder } from 'node-pg-migrate';

/**
 * What this changes, and why.
 *
 * All pending migrations run in one transaction, and the schema is checked before it commits. On a large
 * table:
 * - add a column without a default that is computed for each row, and let it be null at first;
 * - add a constraint NOT VALID, and validate it in the next migration, outside a transaction;
 * - create an index in a migration of its own, outside a transaction, with { concurrently: true,
 *   ifNotExists: true }, after dropping an INVALID one (see 0005).
 * A migration outside a transaction begins with pgm.noTransaction(). It must be safe to run again after a
 * crash.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.addColumns({ schema: 'public', name: 'a_table' }, { a_column: { type: 'text' } });
}

/** Undoes `up`. If that is impossible, write `export const down = false` instead. */
export function down(pgm: MigrationBuilder): void {
  pgm.dropColumns({ schema: 'public', name: 'a_table' }, 'a_column');
}
