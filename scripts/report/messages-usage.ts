import { list, RUN } from './wording.ts';

const SNAPSHOT = 'To write the effect from what the migration does:  npm run migrate snapshot';

/** Failures because of a file or the command line: nothing was run. errors.ts explains the form of a text. */
export const usageMessages = {
  'command-line': (reason: string) => `usage: ${reason}
→ Nothing was run. See the commands and options:  ${RUN} help`,
  'npm-option': (reason: string) => `usage: ${reason}
→ Nothing was run. npm reads the options before this program does. Write them after --:  ${RUN} -- up --dry-run`,
  'writes-files': (command: string, reason: string) => `
usage: "${command}" writes source files, and ${reason}
→ Nothing was written. Run it in the project's folder, not as a dry run; then git shows what it wrote.`,
  'not-readable': (file: string, reason: string) => `usage: ${file} cannot be read: ${reason}
→ ${missingHint(file)}`,
  'not-writable': (file: string, reason: string) => `usage: ${file} cannot be written: ${reason}
→ Usually the folder belongs to another user, or the disk is full. Correct that, and run the command again.`,
  'bad-file': (place: string, reason: string) => `usage: ${place} is not valid: ${reason}
→ Correct the file, and run the command again. ${isEffect(place) ? SNAPSHOT : ''}`,
  'no-database': (variable: string, isEmpty: boolean) => `
usage: no database is named: ${isEmpty ? `${variable} is empty, so its value in .env is not used` : `neither ${variable} nor PGHOST is set`}
→ ${isEmpty ? 'Usually a secret of the pipeline is not set. Set it, or unset the variable to use .env' : 'Set it in the environment or in .env'}:  ${variable}=postgres://user:password@host:5432/database
To start a database to try things out:  npm run db`,
  'bad-url': (variable: string, reason: string) => `usage: ${variable} cannot be used: ${reason}
→ A URL has this form:  postgres://user:password@host:5432/database
In the password, write % @ : / ? # as %25 %40 %3A %2F %3F %23.`,
  'migration-name': (file: string) => `
usage: ${file} is not named like a migration, so it would not run
→ A migration is named NNNN_verb-object.ts, in letters, digits and hyphens, and passes its SQL to pgm.sql().
Rename this file, or move it to another folder.`,
  'duplicate-number': (a: string, b: string) => `
usage: two migrations have the same number: ${a} and ${b}
→ Usually two branches added one each. Take the one that is not applied anywhere, and give it and its effect file the next number.`,
  'bad-migration': (file: string, reason: string) => `usage: ${file} cannot be loaded: ${reason}
→ ${/^it /.test(reason) ? 'A migration exports "up" and "down". If it cannot be reverted:  export const down = false;' : 'Usually it has a syntax error, marks of a merge conflict, or an import of a missing file.'}
To check types and syntax:  npm run types`,
  irreversible: (file: string) => `usage: ${file} cannot be reverted: it exports "down = false"
→ To correct what it did, add another migration:  npm run migrate create <name>`,
  'unknown-migration': (name: string) => `usage: there is no migration "${name}"
→ See all migrations:  ${RUN} status`,
  'not-applied': (name: string) => `usage: ${name} is not applied, so "down" cannot stop there
→ See what is applied:  ${RUN} status`,
  'base-schema': (place: string, reason: string) => `
usage: the base schema ${place} cannot be loaded: ${reason}
→ Usually it was not written by pg_dump. Write it with:  pg_dump --schema-only --no-owner --no-privileges`,
  'row-without-file': (names: readonly string[]) => `
usage: the migrations table has rows of migrations that have no file here:${list(names)}
→ Usually this version of the project is older (as after a rollback), another branch applied them, or a file was renamed. Run the command where these files are, or undo the renaming.`,
  'out-of-order': (files: readonly string[], last: string) => `
usage: ${last} is applied, but these earlier migrations are not:${list(files)}
→ Usually a branch with an older number was merged late. Give its migration and effect file the next number.`,
  'foreign-table': (name: string, reason: string) => `
usage: the migrations table, ${name}, was not made by node-pg-migrate: ${reason}
→ Usually another tool has a table with this name. Set "migrations-table" or "migrations-schema" in .node-pg-migraterc.json.`,
  'plan-writes': (file: string, reason: string) => `
usage: ${file} cannot be planned, because its function itself writes to the database: ${reason}
→ Pass statements that write to pgm.sql(). Use pgm.db only to read.`,
};

const isEffect = (file: string) =>
  /schema.*\.json/.test(file) && !file.includes('0000_prerequisites');

function missingHint(file: string): string {
  if (file.endsWith('0000_prerequisites.json'))
    return "This file says what the application's base schema contains. Restore it, or begin with:  {}";
  if (isEffect(file))
    return `Every migration has an effect file. Usually this one is not written or not committed yet. ${SNAPSHOT}`;
  return 'Run the command in the folder that has .node-pg-migraterc.json, or correct the name in that file.';
}
