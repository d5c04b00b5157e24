type Kind = 'flag' | 'seconds' | 'count' | 'duration';

/** Every option, and the kind of its value. */
export const optionKinds = {
  'dry-run': 'flag',
  json: 'flag',
  strict: 'flag',
  'allow-data-loss': 'flag',
  'lock-wait': 'seconds',
  'connect-wait': 'seconds',
  'lock-timeout': 'duration',
  'statement-timeout': 'duration',
  retries: 'count',
  verbose: 'flag',
  quiet: 'flag',
  help: 'flag',
  version: 'flag',
} as const satisfies Record<string, Kind>;
export type OptionName = keyof typeof optionKinds;
export const optionNames = Object.keys(optionKinds) as OptionName[];
export const isOption = (name: string): name is OptionName => Object.hasOwn(optionKinds, name);

/** What was given for them, before it is read. */
export type Values = Partial<Record<OptionName, string | boolean>>;
