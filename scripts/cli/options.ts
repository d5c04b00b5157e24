import { failure } from '../errors.js';

/** Every option with its default, whose type is that of its value. Durations are as PostgreSQL reads them; `0` is none. */
const defaults = {
  'dry-run': false,
  json: false,
  strict: false,
  'allow-data-loss': false,
  'lock-wait': 60,
  'connect-wait': 0,
  'lock-timeout': '2s',
  'statement-timeout': '0',
  retries: 10,
  verbose: false,
  quiet: false,
  help: false,
  version: false,
};
export type OptionName = keyof typeof defaults;
export const optionNames = Object.keys(defaults) as OptionName[];
export const isOption = (name: string): name is OptionName => Object.hasOwn(defaults, name);
/** Whether an option takes no value. */
export const isFlag = (name: OptionName): boolean => typeof defaults[name] === 'boolean';

/** What was given for them, before it is read. */
export type Values = Partial<Record<OptionName, string | boolean>>;

type Camel<Name extends string> = Name extends `${infer Word}-${infer Rest}`
  ? `${Word}${Capitalize<Camel<Rest>>}`
  : Name;
/** The options of a call. */
export type Options = { readonly [Name in OptionName as Camel<Name>]: (typeof defaults)[Name] };

/**
 * Reads what was given, and takes the defaults for the rest.
 *
 * @throws Failure `usage` for a value that its option cannot have
 */
export function readOptions(values: Values): Options {
  const entries = optionNames.map((name) => {
    const [value, otherwise] = [values[name], defaults[name]];
    const read = value === undefined ? otherwise : isFlag(name) ? value : readValue(name, String(value));
    return [name.replaceAll(/-./g, (sign) => sign.slice(1).toUpperCase()), read];
  });
  return Object.fromEntries(entries) as Options;
}

function readValue(name: OptionName, value: string): string | number {
  // An option that npm swallowed without its value: `--lock-wait 5` reaches this program as "true", and 5 as a word.
  if (value === 'true') throw failure('usage', 'no-value', [name]);
  if (name.endsWith('-timeout')) return readDuration(name, value);
  const kind = name === 'retries' ? 'count' : 'seconds';
  if (!(kind === 'seconds' ? /^\d{1,6}(\.\d+)?$/ : /^\d{1,6}$/).test(value))
    throw failure('usage', 'bad-number', [name, value, kind]);
  return Number(value);
}

function readDuration(name: OptionName, value: string): string {
  if (value === 'none' || value === '0') return '0';
  const duration = value.replace(/m$/, 'min');
  // PostgreSQL counts milliseconds in 32 bits.
  if (!/^\d{1,7}(ms|s|min|h)$/.test(duration) || millisecondsOf(duration) > 2 ** 31 - 1)
    throw failure('usage', 'bad-duration', [name, value]);
  return duration;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** A duration as PostgreSQL reads it, in numbers. */
export const millisecondsOf = (duration: string): number =>
  Number.parseInt(duration, 10) * (UNITS[duration.replace(/^\d+/, '')] ?? 1);
