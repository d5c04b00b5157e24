import { parseArgs } from 'node:util';
import { failure } from '../errors.js';
import { closest } from './closest.js';
import { swallowedByNpm } from './npm-config.js';
import { isOption, optionKinds, optionNames, type OptionName, type Values } from './options.js';

/** The commands, and what an argument of each is called; `null` where it takes none. */
export const commands = {
  up: 'n | name',
  down: 'n | name',
  redo: 'n',
  status: null,
  check: null,
  plan: 'up | down',
  create: 'name',
  snapshot: null,
} as const;
export type Command = keyof typeof commands;

/** The options of a call, with their defaults filled in. Durations are as PostgreSQL reads them; `0` is none. */
export interface Options {
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly strict: boolean;
  readonly allowDataLoss: boolean;
  readonly lockWait: number;
  readonly connectWait: number;
  readonly lockTimeout: string;
  readonly statementTimeout: string;
  readonly retries: number;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

/** What was asked for. */
export interface Invocation {
  readonly command: Command | 'help' | 'version';
  readonly argument: string | undefined;
  readonly options: Options;
  /** For `plan`: which way. */
  readonly direction: 'up' | 'down';
}

/**
 * Reads the command line, and the options that npm kept for itself and put into the environment.
 *
 * @throws Failure `usage`; nothing that is not understood is passed over
 */
export function readArguments(argv: readonly string[], env: NodeJS.ProcessEnv): Invocation {
  const { words, values: given } = splitArguments(argv);
  const values: Values = { ...swallowedByNpm(env), ...given };
  const options = readOptions(values);
  const [name, ...rest] = words;
  if (values.help === true || name === 'help')
    return { command: 'help', argument: undefined, options, direction: 'up' };
  if (values.version === true) return { command: 'version', argument: undefined, options, direction: 'up' };
  if (name === undefined) throw failure('usage', 'no-command', []);
  if (!Object.hasOwn(commands, name))
    throw failure('usage', 'unknown-command', [name, closest(name, Object.keys(commands))]);
  const command = name as Command;
  const direction = command === 'down' || (command === 'plan' && rest[0] === 'down') ? 'down' : 'up';
  if (command === 'plan' && (rest[0] === 'up' || rest[0] === 'down')) rest.shift();
  const takes = commands[command];
  const [argument, surplus] = rest;
  if (takes === null && argument !== undefined) throw failure('usage', 'surplus', [command, argument]);
  if (command === 'create') return { command, argument: createName(rest), options, direction };
  if (surplus !== undefined) throw failure('usage', 'surplus', [command, surplus]);
  if (argument !== undefined) checkArgument(command, argument);
  return { command, argument, options, direction };
}

function checkArgument(command: string, argument: string): void {
  const isNumber = /^[+-]?[\d.]+(e\d+)?$/i.test(argument);
  const isCount = /^\d{1,6}$/.test(argument) && Number(argument) > 0; // Or, as `0003`, the number of a migration.
  if ((isNumber && !isCount) || (command === 'redo' && !/^[1-9]\d{0,5}$/.test(argument)))
    throw failure('usage', 'bad-count', [command, argument]);
}

function createName(words: readonly string[]): string {
  const name = words
    .join('-')
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-');
  if (name === '') throw failure('usage', 'no-name', []);
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw failure('usage', 'bad-name', [name]);
  return name;
}

/** Splits words from options. Everything after `--` is read the same way: npm leaves one there at times. */
function splitArguments(argv: readonly string[]): { words: string[]; values: Values } {
  const words: string[] = [];
  const values: Values = {};
  const args = argv.filter((word) => word !== '--').map((word) => (word === '-h' ? '--help' : word));
  const flags = Object.fromEntries(
    optionNames.map((name) => [name, { type: optionKinds[name] === 'flag' ? 'boolean' : 'string' } as const]),
  );
  const { tokens } = parseArgs({ args, options: flags, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens)
    if (token.kind === 'positional') words.push(token.value);
    else if (token.kind === 'option') {
      const { name, rawName, value } = token;
      if (/^-\d/.test(rawName) && words.length > 0)
        throw failure('usage', 'bad-count', [words[0] ?? '', argv.find((word) => word.startsWith(rawName)) ?? rawName]);
      if (!isOption(name)) throw failure('usage', 'unknown-option', [rawName, closest(name, optionNames)]);
      if (optionKinds[name] === 'flag' && value !== undefined && !/^(true|false)$/.test(value))
        throw failure('usage', 'flag-value', [name, value]);
      if (optionKinds[name] !== 'flag' && value === undefined) throw failure('usage', 'no-value', [name]);
      values[name] = optionKinds[name] === 'flag' ? value !== 'false' : (value ?? '');
    }
  return { words, values };
}

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000 };

function readOptions(values: Values): Options {
  // An option that npm swallowed without its value: `--lock-wait 5` reaches this program as "true", and 5 as a word.
  for (const name of optionNames)
    if (optionKinds[name] !== 'flag' && values[name] === 'true') throw failure('usage', 'no-value', [name]);
  const flag = (name: OptionName) => values[name] === true;
  const number = (name: OptionName, otherwise: number) => {
    const value = values[name];
    if (value === undefined) return otherwise;
    const pattern = optionKinds[name] === 'seconds' ? /^\d{1,6}(\.\d+)?$/ : /^\d{1,6}$/;
    if (typeof value !== 'string' || !pattern.test(value))
      throw failure('usage', 'bad-number', [name, String(value), optionKinds[name]]);
    return Number(value);
  };
  const duration = (name: OptionName, otherwise: string) => {
    const value = values[name];
    if (value === undefined) return otherwise;
    if (value === 'none' || value === '0') return '0';
    const [, amount, unit] = /^(\d{1,7})(ms|s|min|m|h)$/.exec(String(value)) ?? [];
    // PostgreSQL counts milliseconds in 32 bits.
    if (amount === undefined || unit === undefined || Number(amount) * (MILLISECONDS[unit] ?? NaN) > 2 ** 31 - 1)
      throw failure('usage', 'bad-duration', [name, String(value)]);
    return `${amount}${unit === 'm' ? 'min' : unit}`;
  };
  return {
    dryRun: flag('dry-run'),
    json: flag('json'),
    strict: flag('strict'),
    allowDataLoss: flag('allow-data-loss'),
    lockWait: number('lock-wait', 60),
    connectWait: number('connect-wait', 0),
    lockTimeout: duration('lock-timeout', '2s'),
    statementTimeout: duration('statement-timeout', '0'),
    retries: number('retries', 10),
    verbose: flag('verbose'),
    quiet: flag('quiet'),
  };
}
