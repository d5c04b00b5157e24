import { parseArgs } from 'node:util';
import { closest } from '../report/closest.js';
import { failure } from '../report/errors.js';
import type { Direction } from '../report/types.js';
import type { Options } from '../runner/context.js';
import { fromNpm } from './npm-options.js';

/** The help text. The README has the same. */
export const help = `npm run migrate <command> [argument] [options]

  up [n | name]               apply pending migrations: all, the next n, or up to and including name
  down [n | name]             revert the last one, the last n, or down to but not including name
  redo [n]                    down, then up
  status                      each migration, applied or pending, and the outcome of the check
  check                       compare the schema with what is expected at the database's version
  plan [up|down] [n | name]   print the SQL that would run, as a script for psql
  create <name>               create a migration from the template
  snapshot                    rewrite the effect files from what the migrations do

  --dry-run                   with up, down, redo: the same as plan
  --json                      print one JSON object
  --strict                    fail for what is unexpected, too
  --allow-data-loss           allow the run to delete rows or values
  --lock-wait <seconds>       wait for another run (60)
  --connect-wait <seconds>    wait for a server that is starting (0)
  --lock-timeout <duration>   how long a statement waits for a table lock (2s)
  --statement-timeout <duration>  how long a statement may take (none)
  --retries <n>               after lock timeouts and deadlocks (10)
  --verbose                   print statements, notices and stack traces
  --quiet                     print errors only
  --help, --version

The database: DATABASE_URL (or PGHOST and its kin), in the environment or in .env.
Exit codes: 0 as expected, 1 defect, 2 usage, 3 unavailable, 4 locked, 5 failed, 6 differs, 7 data loss, 8 partial.`;

export const commands = [
  'up',
  'down',
  'redo',
  'status',
  'check',
  'plan',
  'create',
  'snapshot',
] as const;
export type Command = (typeof commands)[number];

const FLAGS = [
  'dry-run',
  'json',
  'strict',
  'allow-data-loss',
  'verbose',
  'quiet',
  'help',
  'version',
];
const DEFAULTS = {
  'lock-wait': '60',
  'connect-wait': '0',
  'lock-timeout': '2s',
  'statement-timeout': 'none',
  retries: '10',
};

/** What the command line asks for. */
export interface Invocation {
  readonly command: Command | 'help' | 'version';
  readonly argument: string | undefined;
  readonly direction: Direction;
  readonly options: Options;
}

/**
 * Reads the command line, and the options that npm took for itself and put into the environment.
 *
 * @throws Failure `usage`; nothing that is not understood is ignored
 */
export function readCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): Invocation {
  const { words, values } = parse([...fromNpm(env, FLAGS, Object.keys(DEFAULTS)), ...argv]);
  const options = readOptions(values);
  const [name, ...rest] = words;
  const invocation = { argument: undefined, direction: 'up', options } as const;
  if (values['help'] === true || name === 'help') return { ...invocation, command: 'help' };
  if (values['version'] === true) return { ...invocation, command: 'version' };
  if (name === undefined) throw failure('usage', 'no-command', []);
  const command = commands.find((each) => each === name);
  if (command === undefined)
    throw failure('usage', 'unknown-command', [name, closest(name, commands)]);
  if (command === 'create') return { ...invocation, command, argument: migrationName(rest) };
  const [way] = command === 'plan' ? rest : [command];
  if (command === 'plan' && (way === 'up' || way === 'down')) rest.shift();
  const surplus = rest[['status', 'check', 'snapshot'].includes(command) ? 0 : 1];
  const [argument] = rest;
  const isNumber = /^[+-]?[\d.]+(e\d+)?$/i.test(argument ?? '');
  // A count, or a name that may begin with zeros, such as 0003.
  const isWrong =
    isNumber || command === 'redo'
      ? !/^\d{1,6}$/.test(argument ?? '1') || Number(argument) === 0
      : false;
  if (surplus !== undefined || isWrong)
    throw failure('usage', 'bad-argument', [command, surplus ?? argument ?? '']);
  return { ...invocation, command, argument, direction: way === 'down' ? 'down' : 'up' };
}

function migrationName(words: readonly string[]): string {
  const name = words
    .join('-')
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-');
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw failure('usage', 'bad-name', [name]);
  return name;
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

/** Splits words from options. npm leaves a `--` there at times. */
function parse(argv: readonly string[]): { words: string[]; values: Values } {
  const args = argv
    .filter((word) => word !== '--')
    .map((word) => word.replace(/^(--[^=]+)=true$|^-h$/, (_, flag?: string) => flag ?? '--help'));
  const options = Object.fromEntries([
    ...FLAGS.map((name) => [name, { type: 'boolean' }] as const),
    ...Object.entries(DEFAULTS).map(
      ([name, value]) => [name, { type: 'string', default: value }] as const,
    ),
  ]);
  try {
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    return { words: positionals, values: values as Values };
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    const unknown = /'(-[^']*)'/.exec(message)?.[1] ?? '';
    if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
      throw failure('usage', 'bad-option', [message.split('\n')[0] ?? '']);
    throw failure('usage', 'unknown-option', [
      unknown,
      closest(unknown, [...FLAGS, ...Object.keys(DEFAULTS)]),
    ]);
  }
}

function readOptions(values: Values): Options {
  const read = (name: string, pattern: RegExp, kind: string): string => {
    const value = String(values[name]);
    if (pattern.test(value)) return value;
    throw failure('usage', 'bad-option', [`--${name} takes ${kind}, and was given "${value}"`]);
  };
  const seconds = (name: string) =>
    Number(read(name, /^\d{1,6}(\.\d+)?$/, 'a number of seconds, such as 5'));
  // PostgreSQL counts milliseconds in 32 bits: 24 days.
  const duration = (name: string) =>
    read(
      name,
      /^(none|0|\d{1,9}ms|\d{1,6}s|\d{1,4}m(in)?|\d{1,2}h)$/,
      'a duration such as 500ms, 5s, 10min or 2h, or none',
    )
      .replace('none', '0')
      .replace(/m$/, 'min');
  return {
    dryRun: values['dry-run'] === true,
    json: values['json'] === true,
    strict: values['strict'] === true,
    allowDataLoss: values['allow-data-loss'] === true,
    lockWait: seconds('lock-wait'),
    connectWait: seconds('connect-wait'),
    lockTimeout: duration('lock-timeout'),
    statementTimeout: duration('statement-timeout'),
    retries: Number(read('retries', /^\d{1,6}$/, 'a number, such as 5')),
    verbose: values['verbose'] === true,
    quiet: values['quiet'] === true,
  };
}
