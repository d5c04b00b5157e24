import { parseArgs } from 'node:util';
import { failure } from '../errors.js';
import { closest } from './closest.js';
import { swallowedByNpm } from './npm-config.js';
import { isFlag, isOption, optionNames, readOptions, type Options, type Values } from './options.js';

const commands = ['up', 'down', 'redo', 'status', 'check', 'plan', 'create', 'snapshot'] as const;
export type Command = (typeof commands)[number];

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
  const command = commands.find((each) => each === name);
  if (command === undefined) throw failure('usage', 'unknown-command', [name, closest(name, commands)]);
  const direction = command === 'down' || (command === 'plan' && rest[0] === 'down') ? 'down' : 'up';
  if (command === 'plan' && (rest[0] === 'up' || rest[0] === 'down')) rest.shift();
  if (command === 'create') return { command, argument: createName(rest), options, direction };
  const surplus = rest[['status', 'check', 'snapshot'].includes(command) ? 0 : 1];
  if (surplus !== undefined) throw failure('usage', 'surplus', [command, surplus]);
  const [argument] = rest;
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
    optionNames.map((name) => [name, { type: isFlag(name) ? 'boolean' : 'string' } as const]),
  );
  const { tokens } = parseArgs({ args, options: flags, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens)
    if (token.kind === 'positional') words.push(token.value);
    else if (token.kind === 'option') {
      const { name, rawName, value } = token;
      if (/^-\d/.test(rawName) && words.length > 0)
        throw failure('usage', 'bad-count', [words[0] ?? '', argv.find((word) => word.startsWith(rawName)) ?? rawName]);
      if (!isOption(name)) throw failure('usage', 'unknown-option', [rawName, closest(name, optionNames)]);
      if (isFlag(name) && value !== undefined && !/^(true|false)$/.test(value))
        throw failure('usage', 'flag-value', [name, value]);
      if (!isFlag(name) && value === undefined) throw failure('usage', 'no-value', [name]);
      values[name] = isFlag(name) ? value !== 'false' : (value ?? '');
    }
  return { words, values };
}
