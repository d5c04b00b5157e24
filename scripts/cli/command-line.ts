import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { failure } from '../report/errors.ts';
import type { Direction } from '../report/types.ts';
import { RUN } from '../report/wording.ts';
import type { Options } from '../runner/context.ts';
import { npmOptions } from './npm-options.ts';

const COMMANDS = {
  'up [n|name]': 'apply pending migrations: all, the next n, or up to and including name',
  'down [n|name]': 'revert the last migration, the last n, or down to but not including name',
  'redo [n]': 'revert the last migration, or the last n, and apply them again',
  status: 'each migration, applied or pending, and the outcome of the check',
  check: "compare the schema with what is expected at the database's version",
  'plan [up|down] [n|name]': 'print the SQL that would run, as a script for psql',
  'create <name...>': 'create a migration from the template',
  snapshot: 'rewrite the effect files from what the migrations do',
};

const NOTES = `
The database: DATABASE_URL, or PGHOST and the other PG variables, in the environment or in .env.
Exit codes: 0 as expected, 1 defect, 2 usage, 3 unavailable, 4 locked, 5 failed, 6 differs, 7 data loss, 8 partial.`;

/** A parsed command line. `output` is the text that `help` and `--version` print. */
export type CommandLine = Readonly<ReturnType<typeof readCommandLine>>;

/** Parses the command line and the options that npm moved to the environment. @throws Failure `usage` */
export function readCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv) {
  let output = '';
  const seconds = toNumber(/^\d{1,6}(\.\d+)?$/);
  const number = toNumber(/^\d{1,6}$/);
  const timeout = (flag: string, text: string) =>
    new Option(`${flag} <duration>`, text).argParser(toDuration);
  const program = new Command(RUN)
    .usage('<command> [argument] [options]')
    .addHelpText('after', NOTES)
    .configureHelp({ helpWidth: 110 })
    .configureOutput({ writeOut: (text) => (output += text), writeErr: () => undefined })
    .exitOverride()
    .version(manifest.version, '--version')
    .option('--dry-run', 'with up, down, redo: the same as plan')
    .option('--json', 'print one JSON object')
    .option('--strict', 'fail for unexpected differences, too')
    .option('--allow-data-loss', 'allow the run to delete rows or values')
    .option('--lock-wait <seconds>', 'wait for another run', seconds, 60)
    .option('--connect-wait <seconds>', 'wait for a server that is starting', seconds, 0)
    .addOption(timeout('--lock-timeout', 'longest wait for a table lock').default(2000, '2s'))
    .addOption(timeout('--statement-timeout', 'limit of each statement').default(0, 'none'))
    .option('--retries <n>', 'more attempts after a lock timeout or a deadlock', number, 10)
    .option('--verbose', 'print statements, notices and stack traces')
    .option('--quiet', 'print errors only');
  for (const [usage, description] of Object.entries(COMMANDS))
    program.command(usage).description(description);
  let words: readonly string[];
  try {
    // npm removes only the first `--`. It accepts `--json=true`, so this program accepts that, too.
    const args = argv.map((word) => word.replace(/=true$/, '')).filter((word) => word !== '--');
    words = program.parse([...npmOptions(env, program.options), ...args], { from: 'user' }).args;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (output === '') throw refusal(error.message); // Commander also throws after it has printed the help.
    words = [error.code === 'commander.version' ? 'version' : 'help'];
  }
  const [command = '', ...rest] = words;
  const options = program.opts<Options>();
  return { command, output: output.trim(), ...readWords(command, rest), options };
}

/** Makes the failure for a message of this program or of commander: without a command, "(outputHelp)". */
function refusal(message: string) {
  const reason = message.replace('(outputHelp)', 'no command was given').replace(/^error: /, '');
  return failure('command-line', [reason.replace(/\n\(Did (.*)\)$/, '; did $1')]);
}

/** Reads the argument and the direction of a command. The direction of `redo` is down: it reverts first. */
function readWords(command: string, words: readonly string[]) {
  const hasDirection = command === 'plan' && ['up', 'down'].includes(words[0] ?? '');
  const [verb = '', argument, extra] = hasDirection ? words : [command, ...words];
  const direction: Direction = verb === 'down' || verb === 'redo' ? 'down' : 'up';
  if (command === 'create') return { argument: words.join('-'), direction };
  if (extra !== undefined) throw refusal(`too many arguments: "${extra}"`);
  if (command === 'redo' && argument !== undefined && !/^[1-9]\d*$/.test(argument))
    throw refusal(`"${argument}" must be a number of migrations, 1 or more`);
  return { argument, direction };
}

const toNumber = (pattern: RegExp) => (value: string) => {
  if (pattern.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a number, such as 5.');
};

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

/** Parses a duration to milliseconds; 0 means no limit. The longest timeout of PostgreSQL is about 24 days. */
function toDuration(value: string): number {
  const [, number, unit = ''] = /^(\d{1,9})(\D+)$/.exec(value) ?? [];
  const duration = /^(none|0)$/.test(value) ? 0 : Number(number) * (UNITS[unit] ?? NaN);
  if (duration < 2 ** 31) return duration;
  throw new InvalidArgumentError('It must be a duration (500ms, 5s, 10min, 2h), or none.');
}
