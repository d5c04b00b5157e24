import { list, RUN } from './wording.ts';

const SNAPSHOT = `To write it from what the migration does:  ${RUN} snapshot`;

/** The texts of failures with outcome `usage`, as of a wrong file or command line. Nothing has run. */
export const usageMessages = {
  'command-line': (reason: string) => `${reason}; nothing was run
→ See the commands and options:  ${RUN} help`,
  'npm-option': (reason: string) => `${reason}; nothing was run
→ npm takes options for itself. Write words first, and options after --:  ${RUN} up -- --dry-run`,
  'writes-files': (command: string, reason: string) => `
"${command}" writes source files, and ${reason}; nothing was written
→ Run it in the project's folder, and see with git what it wrote:  ${RUN} ${command}`,
  'not-readable': (file: string, reason: string) => `${file} cannot be read: ${reason}
→ ${missingHint(file)}`,
  'not-writable': (file: string, reason: string) => `${file} cannot be written: ${reason}
→ Usually the folder belongs to another user, or the disk is full. Correct that, and run the command again.`,
  'bad-file': (place: string, reason: string) => `${place} is not valid: ${reason}
→ Correct the file, and run the command again. ${isEffect(place) ? SNAPSHOT : ''}`,
  'no-database': (variable: string, isEmpty: boolean) =>
    `no database is named: ${isEmpty ? `${variable} is empty, which also hides its value in .env` : `neither ${variable} nor PGHOST is set`}
→ Set it in the environment or in .env:  ${variable}=postgres://user:password@host:5432/database
A database to try things out:  npm run db`,
  'bad-url': (variable: string, reason: string) => `${variable} cannot be used: ${reason}
→ A URL has this form:  postgres://user:password@host:5432/database
In the password, write @ : / ? # as %40 %3A %2F %3F %23.`,
  'migration-name': (file: string) => `${file} is not named like a migration, so it would not run
→ ${
    file.endsWith('.sql')
      ? `Create a migration (${RUN} create <name>), pass the SQL to pgm.sql(), and move this file elsewhere.`
      : 'A migration is named NNNN_verb-object.ts, in letters, digits and hyphens. Rename this file, or move it elsewhere.'
  }`,
  'duplicate-number': (a: string, b: string) => `two migrations have the same number: ${a} and ${b}
→ Usually each of two branches added one. Give the one that is applied nowhere the next number, and its effect file too.`,
  'bad-migration': (file: string, reason: string) => `${file} ${reason}
→ A migration exports "up" and "down"; if it cannot be reverted:  export const down = false;
To check types and syntax:  npm run types`,
  irreversible: (file: string) => `${file} cannot be reverted: it says "down = false"
→ Add a migration that makes the correction:  ${RUN} create <name>`,
  'unknown-migration': (name: string) => `there is no migration "${name}"
→ See all migrations:  ${RUN} status`,
  'not-applied': (name: string) => `${name} is not applied, so "down" cannot stop there
→ See what is applied:  ${RUN} status`,
  'base-schema': (place: string, reason: string) => `
the base schema ${place} cannot be loaded: ${reason}
→ Write it with:  pg_dump --schema-only --no-owner --no-privileges`,
  'row-without-file': (names: readonly string[]) => `
the migrations table has rows for which there is no file:${list(names)}
→ Usually the database was migrated from a branch that is not merged, or a file was renamed. Use the code that applied them.`,
  'out-of-order': (files: readonly string[], last: string) => `
${last} is applied, but these, which come before it, are not:${list(files)}
→ Usually a branch with an older number was merged late. Give its migration and effect file the next number.`,
  'foreign-table': (reason: string) => `
the migrations table was not made by node-pg-migrate: ${reason}
→ Usually another tool has a table of that name. Set "migrations-table" or "migrations-schema" in .node-pg-migraterc.json.`,
  'plan-writes': (file: string, reason: string) => `
${file} has no plan, because it writes to the database while it is planned: ${reason}
→ Pass statements that write to pgm.sql(); pgm.db is for reading.`,
};

const isEffect = (file: string) => /schema.*\.json/.test(file);

function missingHint(file: string): string {
  if (file.endsWith('0000_prerequisites.json'))
    return "It says what the application's base schema contains. Restore it, or begin with an empty one:  {}";
  if (isEffect(file))
    return `Every migration has an effect file, and this one is not written yet. ${SNAPSHOT}`;
  if (file.endsWith('rc.json')) return 'Run the command in the folder that has package.json.';
  return 'Its name is in .node-pg-migraterc.json ("migrations-dir", "template-file-name").';
}
