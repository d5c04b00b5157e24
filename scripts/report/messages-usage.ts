import { denied, HELP, list, RUN, suggest, type Words } from './wording.js';

/** Failures before anything was run: the command line, the files of the project, the migrations table. */
export const usageMessages = {
  // The command line
  'no-command': (): Words => ['no command was given', HELP],
  'unknown-command': (name: string, near?: string): Words => [`there is no command "${name}"${suggest(near)}`, HELP],
  'unknown-option': (name: string, near?: string): Words => [
    `there is no option "${name}"; nothing was run${suggest(near && `--${near}`)}`,
    HELP,
  ],
  'swallowed-option': (name: string, near?: string): Words => [
    `npm kept the option "${name}" for itself, and there is none of that name; nothing was run${suggest(near && `--${near}`)}`,
    `Options after a second -- reach the program as they are:  ${RUN} -- up --dry-run`,
  ],
  'swallowed-word': (name: string, word: string): Words => [
    `npm took "${word}" for the value of --${name}, so that it did not arrive as a word; nothing was run`,
    `Put options after --, and words before it:  ${RUN} <command> ${word} -- --${name}`,
  ],
  'flag-value': (name: string, value: string): Words => [`--${name} takes no value, but was given "${value}"`, HELP],
  'no-value': (name: string): Words => [
    `--${name} needs a value`,
    `For example:  --${name}=${name.endsWith('timeout') ? '5s' : '5'}`,
  ],
  'bad-number': (name: string, value: string, kind: string): Words => [
    `--${name} takes a number${kind === 'seconds' ? ' of seconds' : ''}, and "${value}" is none`,
    `For example:  --${name}=5`,
  ],
  'bad-duration': (name: string, value: string): Words => [
    `--${name} takes a duration with its unit (ms, s, min, h; up to 596h) or "none", and "${value}" is neither`,
    `For example:  --${name}=5s`,
  ],
  'bad-count': (command: string, value: string): Words => [
    `"${value}" is no count of migrations: it takes a whole number from 1`,
    `For example:  ${RUN} ${command} 1`,
  ],
  surplus: (command: string, word: string): Words => [`"${command}" has no use for "${word}"; nothing was run`, HELP],
  'no-name': (): Words => ['a new migration needs a name', `For example:  ${RUN} create add-workflow-tags`],
  'bad-name': (name: string): Words => [
    `"${name}" is no name for a migration: it takes letters, digits and hyphens`,
    `For example:  ${RUN} create add-workflow-tags`,
  ],
  'no-dry-run': (command: string): Words => [
    `"${command}" writes files, and has no dry run; nothing was written`,
    `See what it would write with git, after:  ${RUN} ${command}`,
  ],
  'needs-sources': (command: string): Words => [
    `"${command}" writes to the sources, and this is the compiled form, which is made of them`,
    `Run it where the sources are:  ${RUN} ${command}`,
  ],
  // The project
  'settings-missing': (root: string, code: string): Words => [
    `.node-pg-migraterc.json cannot be read in ${root}: ${denied(code)}`,
    'Run the command in the folder that holds package.json.',
  ],
  'settings-broken': (file: string, reason: string, place: string): Words => [
    `${file}${place} is not valid: ${reason}`,
    'Usually a comma or a quote too many or too few. Mend the file, and run the command again.',
  ],
  'settings-key': (key: string, near?: string): Words => [
    `.node-pg-migraterc.json has an unknown key "${key}"${suggest(near)}`,
    'A key that is not understood is not passed over: correct or remove it.',
  ],
  'settings-value': (key: string, kind: string): Words => [
    `.node-pg-migraterc.json: "${key}" has to be ${kind === 'boolean' ? 'true or false' : 'text that is not empty'}`,
    'Mend the file, and run the command again.',
  ],
  'no-database': (variable: string, isEmpty: boolean): Words => [
    `no database was named: ${isEmpty ? `${variable} is set to nothing (which also hides that of .env), and PGHOST is not set` : `neither ${variable} nor PGHOST is set`}`,
    `Set it in the environment or in .env, and nothing is guessed:  ${variable}=postgres://user:password@host:5432/database\nA database to play with:  npm run db`,
  ],
  'bad-url': (variable: string, reason: string): Words => [
    `${variable} cannot be read: ${reason}`,
    `It has this form:  postgres://user:password@host:5432/database\nCharacters such as @ : / ? # in the password are written %40 %3A %2F %3F %23.`,
  ],
  'no-migrations': (dir: string, code: string): Words => [
    `the folder ${dir} cannot be read: ${denied(code)}`,
    'Its name is "migrations-dir" in .node-pg-migraterc.json.',
  ],
  'duplicate-number': (a: string, b: string): Words => [
    `two migrations have one number: ${a} and ${b}`,
    'Usually two branches added one each. Give the one that is not yet applied anywhere the next number, and its effect file too.',
  ],
  'migration-name': (file: string): Words => [
    `${file} looks like a migration, but its name is none; nothing was run`,
    `A migration is called NNNN_verb-object.ts, in letters, digits and hyphens. Rename it and its effect file, or move it elsewhere. A new one:  ${RUN} create add-workflow-tags`,
  ],
  'effect-missing': (file: string, code: string): Words => [
    `the effect file ${file} cannot be had: ${denied(code)}`,
    file.endsWith('0000_prerequisites.json')
      ? `It says what the application's base schema holds. Bring it back:  git checkout -- ${file}\nA new project without a base schema has one with nothing in it:  {}`
      : `Each migration has one. Write it with:  ${RUN} snapshot`,
  ],
  'effect-empty': (file: string, migration: string): Words => [
    `${file} says that nothing changes, but ${migration} changes the schema; nothing was run`,
    `Write it from what the migration does, and read it in the diff:  ${RUN} snapshot\nWhere the check does not see the change (an owner, a comment), name the table, with nothing about it:  {"tables": {"public.users": {}}}`,
  ],
  'template-missing': (file: string, code: string): Words => [
    `the template ${file} cannot be read: ${denied(code)}`,
    'Its name is "template-file-name" in .node-pg-migraterc.json.',
  ],
  'effect-broken': (file: string, reason: string, place: string): Words => [
    `${file}${place} is not valid JSON: ${reason}`,
    `Mend it, or write it anew from what the migration does:  ${RUN} snapshot`,
  ],
  'effect-form': (file: string, place: string, what: string): Words => [
    `${file}: ${place} ${what}`,
    `Mend it, or write it anew from what the migration does:  ${RUN} snapshot`,
  ],
  'effect-contradiction': (file: string, object: string, what: string): Words => [
    `${file} contradicts the effects before it: ${object} ${what}`,
    `Mend it, or write it anew from what the migration does:  ${RUN} snapshot`,
  ],
  'migration-broken': (file: string, reason: string): Words => [
    `${file} cannot be loaded: ${reason}`,
    'Nothing was run. Types and syntax are checked by:  npm run types',
  ],
  'migration-no-up': (file: string): Words => [
    `${file} exports no function "up"`,
    'Nothing was run. Write:  export function up(pgm: MigrationBuilder): void { … }',
  ],
  'migration-no-down': (file: string): Words => [
    `${file} exports no function "down"`,
    'Nothing was run; a down is never inferred. Write one, or say that there is none:  export const down = false;',
  ],
  'migration-irreversible': (file: string): Words => [
    `${file} cannot be reverted: it says "down = false"`,
    'Nothing was run. Go on with a new migration that repairs what has to be repaired.',
  ],
  'unknown-migration': (name: string, near?: string): Words => [
    `there is no migration "${name}"${suggest(near)}`,
    `See them all:  ${RUN} status`,
  ],
  'not-applied': (name: string): Words => [
    `${name} is not applied, so there is no going down to it`,
    `See what is applied:  ${RUN} status`,
  ],
  // The ledger
  'ledger-without-file': (names: readonly string[], table: string): Words => [
    `the migrations table ${table} has rows without a file:${list(names)}`,
    'Usually the files are on a branch that is not merged, or were renamed. Check out the version that applied them; the database is ahead of these files.',
  ],
  'ledger-foreign': (table: string, reason: string): Words => [
    `${table} is no migrations table of node-pg-migrate: ${reason}; nothing was changed`,
    'Usually another tool keeps a table of that name. Give this one another name or schema: "migrations-table" and "migrations-schema" in .node-pg-migraterc.json.',
  ],
  'ledger-twice': (name: string, table: string): Words => [
    `the migrations table ${table} has ${name} twice`,
    'Somebody edited the table by hand. Find out what was done, and delete one of the rows.',
  ],
  'ledger-order': (files: readonly string[], last: string): Words => [
    `not applied, but before ${last}, which is:${list(files)}`,
    'Usually a branch with an older number was merged late. Give it the next number (migration and effect file), and run the command again.',
  ],
  'effect-edited': (files: readonly string[]): Words => [
    `edited after the migration was applied to this database:${list(files)}`,
    'What a database was checked against is the record. Undo the edit (git log shows it), and put the change into a new migration.',
  ],
} as const;
