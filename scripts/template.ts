import type { MigrationBuilder } from 'node-pg-migrate';

/**
 * What this changes, and why.
 *
 * All pending migrations run in one transaction, and the schema is checked before it commits. Safe ways:
 * - a new column on a large table: no default that is computed for each row, and null allowed at first;
 * - a constraint on a table with rows: add it NOT VALID here, and VALIDATE CONSTRAINT in the next migration, which
 *   begins with pgm.noTransaction(), so that writers go on meanwhile;
 * - an index on such a table: in a migration of its own that begins with pgm.noTransaction(), with
 *   { concurrently: true, ifNotExists: true }, dropping an invalid leftover first (see 0005);
 * - what begins with pgm.noTransaction() has to be safe to run again after it broke off anywhere.
 */
export function up(pgm: MigrationBuilder): void {
  pgm.addColumns({ schema: 'public', name: 'a_table' }, { a_column: { type: 'text' } });
}

/** The way back, as explicit as the way there; `export const down = false` says that there is none. */
export function down(pgm: MigrationBuilder): void {
  pgm.dropColumns({ schema: 'public', name: 'a_table' }, 'a_column');
}
