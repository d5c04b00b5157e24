import { Command, InvalidArgumentError, Option, type CommanderError } from 'commander';
import { failure } from '../report/errors.js';
import type { Direction } from '../report/types.js';
import type { Options } from '../runner/context.js';
import { fromNpm } from './npm-options.js';

const COMMANDS = {
  'up [n|name]': 'apply pending migrations: all, the next n, or up to and including name',
  'down [n|name]': 'revert the last one, the last n, or down to but not including name',
  'redo [n]': 'down, then up',
  status: 'each migration, applied or pending, and the outcome of the check',
  check: "compare the schema with what is expected at the database's version",
  'plan [up|down] [n|name]': 'print the SQL that would run, as a script for psql',
  'create <name...>': 'create a migration from the template',
  snapshot: 'rewrite the effect files from what the migrations do',
};

const NOTES = `
The database: DATABASE_URL (or PGHOST and its kin), in the environment or in .env.
Exit codes: 0 as expected, 1 defect, 2 usage, 3 unavailable, 4 locked, 5 failed, 6 differs, 7 data loss, 8 partial.`;

/** What the command line asks for; `output` is that of `help` and `version`. */
export interface Invocation {
  readonly command: string;
  readonly argument: string | undefined;
  readonly direction: Direction;
  readonly options: Options;
  readonly output: string;
}

/**
 * Reads the command line, and the options that npm took for itself and put into the environment.
 *
 * @throws Failure `usage`; nothing that is not understood is ignored
 */
export function readCommandLine(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  version: string,
): Invocation {
  let [command, words, output] = ['help', [] as readonly string[], ''];
  const program = new Command('npm run migrate')
    .usage('<command> [argument] [options]')
    .addHelpText('after', NOTES)
    .configureHelp({ helpWidth: 110 })
    .configureOutput({ writeOut: (text) => (output += text), writeErr: () => undefined })
    .exitOverride()
    .version(version, '--version')
    .option('--dry-run', 'with up, down, redo: the same as plan')
    .option('--json', 'print one JSON object')
    .option('--strict', 'fail for what is unexpected, too')
    .option('--allow-data-loss', 'allow the run to delete rows or values')
    .option('--lock-wait <seconds>', 'wait for another run', toNumber(/^\d{1,6}(\.\d+)?$/), 60)
    .option(
      '--connect-wait <seconds>',
      'wait for a server that is starting',
      toNumber(/^\d{1,6}(\.\d+)?$/),
      0,
    )
    .option(
      '--lock-timeout <duration>',
      'how long a statement waits for a table lock',
      toDuration,
      '2s',
    )
    .addOption(
      new Option('--statement-timeout <duration>', 'how long a statement may take')
        .argParser(toDuration)
        .default('0', 'none'),
    )
    .option('--retries <n>', 'after lock timeouts and deadlocks', toNumber(/^\d{1,6}$/), 10)
    .option('--verbose', 'print statements, notices and stack traces')
    .option('--quiet', 'print errors only');
  for (const [usage, description] of Object.entries(COMMANDS))
    program
      .command(usage)
      .description(description)
      .action((...args: unknown[]) => {
        const asked = args.at(-1) as Command;
        [command, words] = [asked.name(), asked.args];
      });
  const [flags, others] = [false, true].map((takesValue) =>
    program.options
      .filter(({ required }) => required === takesValue)
      .map((option) => option.name()),
  );
  try {
    const swallowed = fromNpm(env, flags ?? [], others ?? []);
    program.parse([...swallowed, ...argv.filter((word) => word !== '--')], { from: 'user' });
  } catch (error) {
    const { code, exitCode, message } = error as CommanderError;
    if (exitCode !== 0 || code === undefined)
      throw code?.startsWith('commander.') ? usageError(message, argv) : error;
    command = code === 'commander.version' ? 'version' : 'help';
  }
  return { command, output: output.trim(), ...readWords(command, words), options: program.opts() };
}

function usageError(message: string, argv: readonly string[]) {
  const isEmpty = argv.length === 0;
  const reason = isEmpty
    ? 'no command was given'
    : message.replace(/^error: /, '').replace(/\n\((.*)\)$/, '; $1');
  return failure('usage', 'command-line', [reason.replace('Did', 'did')]);
}

/** The argument of a command, and for `plan` its direction. */
function readWords(
  command: string,
  words: readonly string[],
): Pick<Invocation, 'argument' | 'direction'> {
  if (command === 'create') return { argument: migrationName(words), direction: 'up' };
  const [first, second] = words;
  const hasWay = command === 'plan' && (first === 'up' || first === 'down');
  const argument = hasWay ? second : first;
  const isNumber = /^[+-]?[\d.]+(e\d+)?$/i.test(argument ?? '') || command === 'redo';
  const isWrong =
    isNumber && argument !== undefined && !(/^\d{1,6}$/.test(argument) && Number(argument) > 0);
  if (isWrong)
    throw failure('usage', 'command-line', [`"${argument}" is not a number of migrations, from 1`]);
  if (!hasWay && second !== undefined)
    throw failure('usage', 'command-line', [`"${second}" is one word too many`]);
  return { argument, direction: (hasWay ? first : command) === 'down' ? 'down' : 'up' };
}

function migrationName(words: readonly string[]): string {
  const name = words
    .join('-')
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-');
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw failure('usage', 'bad-name', [name]);
  return name;
}

const toNumber = (pattern: RegExp) => (value: string) => {
  if (!pattern.test(value)) throw new InvalidArgumentError('It must be a number, such as 5.');
  return Number(value);
};

/** A duration as PostgreSQL reads it; `0` is none. PostgreSQL counts milliseconds in 32 bits: 24 days. */
function toDuration(value: string): string {
  const isDuration = /^(none|0|\d{1,9}ms|\d{1,6}s|\d{1,4}m(in)?|\d{1,2}h)$/.test(value);
  if (!isDuration)
    throw new InvalidArgumentError(
      'It must be a duration such as 500ms, 5s, 10min or 2h, or none.',
    );
  return value.replace('none', '0').replace(/m$/, 'min');
}
