import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
}

export function down(pgm: MigrationBuilder): void {
}
