import { list, RUN, type Words } from './wording.js';

const HELP = `See the commands and options:  ${RUN} help`;
const NEW = `For example:  ${RUN} create add-workflow-tags`;
const REWRITE = `Correct it, or write it again from what the migration does:  ${RUN} snapshot`;

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links form a loop',
};

/** Failures before anything has run: the command line, the files of the project, the migrations table. */
export const usageMessages = {
  // The command line
  'no-command': (): Words => ['no command was given', HELP],
  'unknown-command': (name: string, near: string): Words => [
    `there is no command "${name}"${near}`,
    HELP,
  ],
  'unknown-option': (name: string, near: string): Words => [
    `there is no option "${name}"; nothing was run${near}`,
    `${HELP}\nnpm takes options for itself; those after -- reach the program:  ${RUN} up -- --dry-run`,
  ],
  'option-value': (name: string, reason: string, example = ''): Words => [
    `--${name} ${reason}; nothing was run`,
    example === '' ? HELP : `For example:  --${name}=${example}`,
  ],
  'swallowed-word': (name: string, word: string): Words => [
    `npm took "${word}" as the value of --${name}; nothing was run`,
    `Write words first, and options after --:  ${RUN} <command> ${word} -- --${name}`,
  ],
  'bad-count': (command: string, value: string): Words => [
    `"${value}" is not a number of migrations: it must be a whole number from 1`,
    `For example:  ${RUN} ${command} 1`,
  ],
  surplus: (command: string, word: string): Words => [
    `"${command}" does not take "${word}"; nothing was run`,
    HELP,
  ],
  'bad-name': (name: string): Words => [
    name === ''
      ? 'a new migration needs a name'
      : `"${name}" is not a name for a migration: use letters, digits and hyphens`,
    NEW,
  ],
  'no-dry-run': (command: string): Words => [
    `"${command}" writes files, and has no dry run; nothing was written`,
    `To see what it writes, compare with git after:  ${RUN} ${command}`,
  ],
  'needs-sources': (command: string): Words => [
    `"${command}" writes source files, and this is the compiled program, which has none`,
    `Run it in the project's folder:  ${RUN} ${command}`,
  ],
  // The files of the project
  'not-readable': (file: string, code: string): Words => [
    `${file} cannot be read: ${reasons[code] ?? code}`,
    fileHint(file),
  ],
  'not-writable': (file: string, code: string): Words => [
    `${file} cannot be written: ${reasons[code] ?? code}`,
    'Usually the folder belongs to another user, is mounted read-only, or the disk is full.',
  ],
  'bad-json': (place: string, reason: string): Words => [
    `${place} is not valid JSON: ${reason}`,
    'Usually a comma or a quote is missing or surplus. Correct the file, and run the command again.',
  ],
  'bad-settings': (file: string, reason: string): Words => [
    `${file} is not valid: ${reason}`,
    'Correct the file, and run the command again. Nothing was run.',
  ],
  'bad-effect': (file: string, reason: string): Words => [
    `${file} is not an effect: ${reason}`,
    REWRITE,
  ],
  'no-database': (variable: string, isEmpty: boolean): Words => [
    `no database is named: ${isEmpty ? `${variable} is empty (which also hides its value in .env), and PGHOST is not set` : `neither ${variable} nor PGHOST is set`}`,
    `Set it in the environment or in .env:  ${variable}=postgres://user:password@host:5432/database\nA database to try things out:  npm run db`,
  ],
  'bad-url': (variable: string, reason: string): Words => [
    `${variable} cannot be used: ${reason}`,
    'A URL has this form:  postgres://user:password@host:5432/database\nIn the password, write @ : / ? # as %40 %3A %2F %3F %23.',
  ],
  'migration-name': (file: string): Words => [
    file.endsWith('.sql')
      ? `${file} is an SQL file; migrations are TypeScript files, so it would not run`
      : `${file} is not named like a migration, so it would not run`,
    file.endsWith('.sql')
      ? `Create a migration, and pass the SQL to pgm.sql(); then move this file elsewhere.  ${NEW}`
      : `A migration is named NNNN_verb-object.ts, in letters, digits and hyphens. Rename it, or move it elsewhere.`,
  ],
  'duplicate-number': (a: string, b: string): Words => [
    `two migrations have the same number: ${a} and ${b}`,
    'Usually each of two branches added one. Give the one that is applied nowhere the next number, and rename its effect file.',
  ],
  'migration-broken': (file: string, reason: string): Words => [
    `${file} cannot be loaded: ${reason}`,
    'Nothing was run. To check types and syntax:  npm run types',
  ],
  'migration-no-up': (file: string, _reason?: string): Words => [
    `${file} does not export a function "up"`,
    'Nothing was run. Add:  export function up(pgm: MigrationBuilder): void { … }',
  ],
  'migration-no-down': (file: string, _reason?: string): Words => [
    `${file} does not export a function "down"`,
    'Nothing was run. Add one, or say that the migration cannot be reverted:  export const down = false;',
  ],
  'migration-irreversible': (file: string, _reason?: string): Words => [
    `${file} cannot be reverted: it says "down = false"`,
    `Nothing was run. Add a new migration that makes the correction:  ${RUN} create <name>`,
  ],
  'unknown-migration': (name: string, near: string): Words => [
    `there is no migration "${name}"${near}`,
    `See all migrations:  ${RUN} status`,
  ],
  'not-applied': (name: string): Words => [
    `${name} is not applied, so "down" cannot stop there`,
    `See which are applied:  ${RUN} status`,
  ],
  'file-exists': (file: string): Words => [`${file} already exists`, 'Choose another name.'],
  'base-schema': (place: string, reason: string): Words => [
    `the base schema ${place} cannot be loaded: ${reason}`,
    'Write it with:  pg_dump --schema-only --no-owner --no-privileges',
  ],
  // The migrations table
  'row-without-file': (table: string, names: readonly string[]): Words => [
    `the migrations table ${table} has rows for which there is no file:${list(names)}`,
    'Usually the database was migrated from a branch that is not merged, or a file was renamed. Use the code that applied them.',
  ],
  'row-twice': (table: string, name: string): Words => [
    `the migrations table ${table} has ${name} twice`,
    'Usually somebody edited the table. Find out what was done, and delete one of the two rows.',
  ],
  'out-of-order': (files: readonly string[], last: string): Words => [
    `not applied, although ${last}, which comes later, is:${list(files)}`,
    'Usually a branch with an older number was merged late. Give its migration and effect file the next number.',
  ],
  'foreign-table': (table: string, reason: string): Words => [
    `${table} is not a migrations table of node-pg-migrate: ${reason}; nothing was changed`,
    'Usually another tool has a table of that name. Set "migrations-table" or "migrations-schema" in .node-pg-migraterc.json.',
  ],
} as const;

function fileHint(file: string): string {
  if (file.endsWith('0000_prerequisites.json'))
    return `It says what the application's base schema contains. Restore it:  git checkout -- ${file}\nFor a project without a base schema, write an empty one:  {}`;
  if (file.endsWith('.json') && file.includes('schema'))
    return `Every migration has an effect file; this one is not written yet. Write it:  ${RUN} snapshot`;
  if (file.endsWith('rc.json')) return 'Run the command in the folder that has package.json.';
  return 'Its name is in .node-pg-migraterc.json ("migrations-dir", "template-file-name").';
}
