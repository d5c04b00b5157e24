import { list, RUN, type Words } from './wording.js';

const HELP = `See the commands and options:  ${RUN} help`;
const EXAMPLE = `For example:  ${RUN} create add-workflow-tags`;

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links form a loop',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/** Failures before anything has run: the command line, the files of the project, the migrations table. */
export const usageMessages = {
  'no-command': (): Words => ['no command was given', HELP],
  'unknown-command': (name: string, near: string): Words => [
    `there is no command "${name}"${near}`,
    HELP,
  ],
  'unknown-option': (option: string, near: string): Words => [
    `there is no option "${option}"; nothing was run${near}`,
    `${HELP}\nnpm takes some options for itself; those after -- reach the program:  ${RUN} up -- --dry-run`,
  ],
  'bad-option': (reason: string): Words => [`${reason}; nothing was run`, HELP],
  'swallowed-word': (option: string, word: string): Words => [
    `npm took "${word}" as the value of --${option}; nothing was run`,
    `Write words first, and options after --:  ${RUN} <command> ${word} -- --${option}`,
  ],
  'bad-argument': (command: string, word: string): Words => [
    `"${command}" does not take "${word}"; nothing was run`,
    `A number of migrations is a whole number from 1. ${HELP}`,
  ],
  'bad-name': (name: string): Words => [
    `"${name}" is not a name for a migration: use letters, digits and hyphens`,
    EXAMPLE,
  ],
  'writes-files': (command: string, reason: string): Words => [
    `"${command}" writes source files, and ${reason}; nothing was written`,
    `Run it in the project's folder, and see with git what it wrote:  ${RUN} ${command}`,
  ],
  'not-readable': (file: string, code: string): Words => [
    `${file} cannot be read: ${reasons[code] ?? code}`,
    fileHint(file),
  ],
  'not-writable': (file: string, code: string): Words => [
    `${file} cannot be written: ${reasons[code] ?? code}`,
    'Usually the folder belongs to another user. Correct that, and run the command again.',
  ],
  'bad-file': (place: string, reason: string): Words => [
    `${place} is not valid: ${reason}`,
    `Correct the file, and run the command again. ${effectHint(place)}`.trim(),
  ],
  'no-database': (variable: string, isEmpty: boolean): Words => [
    `no database is named: ${isEmpty ? `${variable} is empty, which also hides its value in .env` : `neither ${variable} nor PGHOST is set`}`,
    `Set it in the environment or in .env:  ${variable}=postgres://user:password@host:5432/database\nA database to try things out:  npm run db`,
  ],
  'bad-url': (variable: string, reason: string): Words => [
    `${variable} cannot be used: ${reason}`,
    'A URL has this form:  postgres://user:password@host:5432/database\nIn the password, write @ : / ? # as %40 %3A %2F %3F %23.',
  ],
  'migration-name': (file: string): Words => [
    `${file} is not named like a migration, so it would not run`,
    file.endsWith('.sql')
      ? `Pass the SQL to pgm.sql() in a migration, and move the file elsewhere. ${EXAMPLE}`
      : 'A migration is named NNNN_verb-object.ts, in letters, digits and hyphens. Rename it, or move it elsewhere.',
  ],
  'duplicate-number': (a: string, b: string): Words => [
    `two migrations have the same number: ${a} and ${b}`,
    'Usually each of two branches added one. Give the one that is applied nowhere the next number, and its effect file too.',
  ],
  'bad-migration': (file: string, reason: string): Words => [
    `${file} ${reason}`,
    'Nothing was run. A migration exports "up" and "down"; if it cannot be reverted:  export const down = false;\nTo check types and syntax:  npm run types',
  ],
  irreversible: (file: string): Words => [
    `${file} cannot be reverted: it says "down = false"`,
    `Nothing was run. Add a migration that makes the correction:  ${RUN} create <name>`,
  ],
  'unknown-migration': (name: string, near: string): Words => [
    `there is no migration "${name}"${near}`,
    `See all migrations:  ${RUN} status`,
  ],
  'not-applied': (name: string): Words => [
    `${name} is not applied, so "down" cannot stop there`,
    `See what is applied:  ${RUN} status`,
  ],
  'file-exists': (file: string): Words => [`${file} already exists`, 'Choose another name.'],
  'base-schema': (place: string, reason: string): Words => [
    `the base schema ${place} cannot be loaded: ${reason}`,
    'Write it with:  pg_dump --schema-only --no-owner --no-privileges',
  ],
  'row-without-file': (names: readonly string[]): Words => [
    `the migrations table has rows for which there is no file:${list(names)}`,
    'Usually the database was migrated from a branch that is not merged, or a file was renamed. Use the code that applied them.',
  ],
  'row-twice': (): Words => [
    'the migrations table has a migration twice',
    'Usually somebody edited the table. Find out what was done, and delete one of the two rows.',
  ],
  'out-of-order': (files: readonly string[], last: string): Words => [
    `not applied, although ${last}, which comes later, is:${list(files)}`,
    'Usually a branch with an older number was merged late. Give its migration and effect file the next number.',
  ],
  'foreign-table': (reason: string): Words => [
    `the migrations table is not one of node-pg-migrate: ${reason}; nothing was changed`,
    'Usually another tool has a table of that name. Set "migrations-table" or "migrations-schema" in .node-pg-migraterc.json.',
  ],
} as const;

const isEffect = (file: string) => /schema.*\.json/.test(file);
const effectHint = (file: string) =>
  isEffect(file) ? `To write it from what the migration does:  ${RUN} snapshot` : '';

function fileHint(file: string): string {
  if (file.endsWith('0000_prerequisites.json'))
    return `It says what the application's base schema contains. Restore it, or begin with an empty one:  {}`;
  if (isEffect(file))
    return `Every migration has an effect file, and this one is not written yet. ${effectHint(file)}`;
  if (file.endsWith('rc.json')) return 'Run the command in the folder that has package.json.';
  return 'Its name is in .node-pg-migraterc.json ("migrations-dir", "template-file-name").';
}
