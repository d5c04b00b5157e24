import { parseArgs } from 'node:util';
import { closest } from '../report/closest.js';
import { failure } from '../report/errors.js';
import type { Direction } from '../report/types.js';
import type { Options } from '../runner/context.js';
import { fromNpm } from './npm-options.js';

/** The help text. The README has the same; a test compares them. */
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
const VALUES = ['lock-wait', 'connect-wait', 'lock-timeout', 'statement-timeout', 'retries'];

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
  const { words, values } = parse([...fromNpm(env, FLAGS, VALUES), ...argv]);
  const options = readOptions(values);
  const [name, ...rest] = words;
  const invocation = { argument: undefined, direction: 'up', options } as const;
  if (values.has('help') || name === 'help') return { ...invocation, command: 'help' };
  if (values.has('version')) return { ...invocation, command: 'version' };
  if (name === undefined) throw failure('usage', 'no-command', []);
  const command = commands.find((each) => each === name);
  if (command === undefined)
    throw failure('usage', 'unknown-command', [name, closest(name, commands)]);
  if (command === 'create') return { ...invocation, command, argument: migrationName(rest) };
  const isDown = command === 'down' || (command === 'plan' && rest[0] === 'down');
  if (command === 'plan' && (rest[0] === 'up' || rest[0] === 'down')) rest.shift();
  const surplus = rest[['status', 'check', 'snapshot'].includes(command) ? 0 : 1];
  if (surplus !== undefined) throw failure('usage', 'surplus', [command, surplus]);
  const [argument] = rest;
  if (argument !== undefined) checkArgument(command, argument);
  return { ...invocation, command, argument, direction: isDown ? 'down' : 'up' };
}

/** A count, or a name that begins with a number, such as `0003`. */
function checkArgument(command: string, argument: string): void {
  const isNumber = /^[+-]?[\d.]+(e\d+)?$/i.test(argument);
  const isCount = /^\d{1,6}$/.test(argument) && Number(argument) > 0;
  if ((isNumber && !isCount) || (command === 'redo' && !/^[1-9]\d{0,5}$/.test(argument)))
    throw failure('usage', 'bad-count', [command, argument]);
}

function migrationName(words: readonly string[]): string {
  const name = words
    .join('-')
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-');
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw failure('usage', 'bad-name', [name]);
  return name;
}

/** Splits words from options. npm leaves a `--` there at times. */
function parse(argv: readonly string[]): { words: string[]; values: Map<string, string> } {
  const args = argv
    .filter((word) => word !== '--')
    .map((word) => (word === '-h' ? '--help' : word));
  const isFlag = (name: string): boolean => FLAGS.includes(name);
  const types = [...FLAGS, ...VALUES].map((name) => [
    name,
    { type: isFlag(name) ? 'boolean' : 'string' } as const,
  ]);
  const { tokens } = parseArgs({
    args,
    options: Object.fromEntries(types),
    strict: false,
    tokens: true,
  });
  const words: string[] = [];
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const isNumber = /^-\d/.test(rawName) && words.length > 0;
    if (isNumber)
      throw failure('usage', 'bad-count', [
        words[0] ?? '',
        argv.find((word) => word.startsWith(rawName)) ?? rawName,
      ]);
    if (!isFlag(name) && !VALUES.includes(name))
      throw failure('usage', 'unknown-option', [rawName, closest(name, [...FLAGS, ...VALUES])]);
    if (isFlag(name) && value !== undefined && value !== 'true' && value !== 'false')
      throw failure('usage', 'option-value', [name, `takes no value, and was given "${value}"`]);
    if (value === 'false') values.delete(name);
    else values.set(name, value ?? 'true');
  }
  return { words, values };
}

function readOptions(values: ReadonlyMap<string, string>): Options {
  const flag = (name: string): boolean => values.has(name);
  const number = (name: string, otherwise: number, pattern = /^\d{1,6}$/): number => {
    const value = values.get(name) ?? String(otherwise);
    if (value === 'true') throw failure('usage', 'option-value', [name, 'needs a value', '5']);
    if (!pattern.test(value))
      throw failure('usage', 'option-value', [
        name,
        `takes a number, and was given "${value}"`,
        '5',
      ]);
    return Number(value);
  };
  const seconds = (name: string, otherwise: number): number =>
    number(name, otherwise, /^\d{1,6}(\.\d+)?$/);
  return {
    dryRun: flag('dry-run'),
    json: flag('json'),
    strict: flag('strict'),
    allowDataLoss: flag('allow-data-loss'),
    lockWait: seconds('lock-wait', 60),
    connectWait: seconds('connect-wait', 0),
    lockTimeout: readDuration('lock-timeout', values.get('lock-timeout') ?? '2s'),
    statementTimeout: readDuration('statement-timeout', values.get('statement-timeout') ?? 'none'),
    retries: number('retries', 10),
    verbose: flag('verbose'),
    quiet: flag('quiet'),
  };
}

/** PostgreSQL counts milliseconds in 32 bits: 596 hours. */
const LONGEST: Readonly<Record<string, number>> = {
  ms: 2_147_483_647,
  s: 2_147_483,
  min: 35_791,
  h: 596,
};

/** @returns a duration as PostgreSQL reads it; `0` is none */
function readDuration(name: string, value: string): string {
  if (value === 'none' || value === '0') return '0';
  const [, amount, unit = ''] = /^(\d{1,10})(ms|s|min|h)$/.exec(value.replace(/m$/, 'min')) ?? [];
  if (amount === undefined || Number(amount) > (LONGEST[unit] ?? 0)) {
    const reason =
      value === 'true'
        ? 'needs a value'
        : `takes a duration (ms, s, min or h; at most 596h) or "none", and was given "${value}"`;
    throw failure('usage', 'option-value', [name, reason, '5s']);
  }
  return `${amount}${unit}`;
}
