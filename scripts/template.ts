import type { MigrationBuilder } from 'node-pg-migrate';

/**
 * (Write here what this migration changes, and why.)
 *
 * Pending migrations run in one transaction, which commits only if the schema is as expected. A migration
 * that begins with pgm.noTransaction() runs outside that transaction, and must be safe to run again after a
 * crash.
 * On a large table:
 * - add a column that may be null, without a default or with a constant one;
 * - change many rows in a separate migration, outside a transaction: in a DO block that repeats an UPDATE of
 *   some thousand rows and COMMIT until no row is left;
 * - add a constraint NOT VALID, and validate it in the next migration, outside a transaction;
 * - create an index in a separate migration, outside a transaction, with { concurrently: true,
 *   ifNotExists: true }, after dropping an INVALID index of this name (see 0005).
 */
export function up(pgm: MigrationBuilder): void {
  pgm.addColumns({ schema: 'public', name: 'a_table' }, { a_column: { type: 'text' } });
}

/** Undoes `up`. If that is impossible, write `export const down = false` instead. */
export function down(pgm: MigrationBuilder): void {
  pgm.dropColumns({ schema: 'public', name: 'a_table' }, 'a_column', { ifExists: true });
}
