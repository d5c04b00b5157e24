import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure } from '../errors.js';
import { closest } from './closest.js';
import { isFlag, isOption, optionNames, type OptionName, type Values } from './options.js';

/** What npm itself always puts there. */
const ALWAYS = new Set([
  'cache',
  'global-prefix',
  'globalconfig',
  'init-module',
  'local-prefix',
  'node-gyp',
  'noproxy',
  'npm-version',
  'prefix',
  'user-agent',
  'userconfig',
]);

/** Keys of npm's that say nothing to its `run`, and what was typed: how far to go. npm 11 completes `--to` to a longer name. */
const MISTAKEN = new Map([
  ['token-description', 'to'],
  ['all', 'all'],
]);

/**
 * The options that npm kept for itself: `npm run migrate up --dry-run` reaches this program as `up`, with
 * `npm_config_dry_run=true` in the environment.
 *
 * @throws Failure `usage` for an option that somebody typed, that npm swallowed, and that is none
 */
export function swallowedByNpm(env: NodeJS.ProcessEnv): Values {
  const config = npmConfig(env);
  const values: Values = {};
  for (const name of optionNames) {
    const value = config.get(name);
    if (value !== undefined) values[name] = isFlag(name) ? readFlag(name, value) : value;
  }
  if (!isRunByNpm(env)) return values;
  const isTyped = (key: string) => !npmrcKeys(env).has(key) && !exportedBeforeNpm().has(key);
  // npm takes --verbose and --quiet for names of its log levels, and --plan for its shorthands p, l, a and n.
  const level = config.get('loglevel');
  if ((level === 'verbose' || level === 'warn') && isTyped('loglevel'))
    values[level === 'warn' ? 'quiet' : 'verbose'] = true;
  if (['parseable', 'long', 'all'].every((key) => config.get(key) === 'true' && isTyped(key)))
    throw failure('usage', 'swallowed-option', ['--plan', 'dry-run']);
  const isUnknown = (key: string) => !isOption(key) && !ALWAYS.has(key) && /^[a-z][a-z0-9-]*$/.test(key);
  const isNpms = (key: string) => !MISTAKEN.has(key) && npmKeys(env).has(key);
  const [key] = [...config.keys()].filter((key) => isUnknown(key) && isTyped(key) && !isNpms(key));
  if (key === undefined) return values;
  const typed = MISTAKEN.get(key) ?? key;
  throw failure('usage', 'swallowed-option', [`--${typed}`, closest(typed, optionNames)]);
}

/** npm's configuration in the environment, by its keys as they are typed. npm reads them in upper case as well. */
export function npmConfig(env: NodeJS.ProcessEnv): Map<string, string> {
  const config = new Map<string, string>();
  for (const [variable, value = ''] of Object.entries(env)) {
    const key = /^npm_config_(.+)$/i.exec(variable)?.[1]?.toLowerCase().replaceAll('_', '-');
    if (key !== undefined && config.get(key) !== 'true') config.set(key, value);
  }
  return config;
}

/** npm takes the word after an option that it does not know for its value, and the word is lost. */
function readFlag(name: OptionName, value: string): boolean {
  if (value === 'true') return true;
  if (value === '' || value === 'false') return false;
  throw failure('usage', 'swallowed-word', [name, value]);
}

const isRunByNpm = (env: NodeJS.ProcessEnv): boolean =>
  env['npm_lifecycle_event'] !== undefined && (env['npm_config_user_agent'] ?? '').startsWith('npm/');

/** The names that the npm that runs this program knows, by its own list. */
function npmKeys(env: NodeJS.ProcessEnv): Set<string> {
  try {
    // Not imported: to load `node:module` is a hundredth of a start, and hardly any comes here.
    const npm = process.getBuiltinModule('node:module').createRequire(env['npm_execpath'] ?? '');
    const { definitions } = npm('@npmcli/config/lib/definitions') as { definitions: object };
    return new Set(Object.keys(definitions));
  } catch {
    return new Set(); // An npm that keeps its list elsewhere: then what it is told by npmrc and environment must do.
  }
}

function npmrcKeys(env: NodeJS.ProcessEnv): Set<string> {
  const files = [
    env['npm_config_userconfig'],
    env['npm_config_globalconfig'],
    join(env['npm_config_local_prefix'] ?? '.', '.npmrc'),
  ];
  if (env['npm_execpath'] !== undefined) files.push(join(dirname(env['npm_execpath']), '..', 'npmrc'));
  const lines = files.flatMap((file) => (file === undefined ? [] : readIfThere(file).split(/\r?\n/)));
  return new Set(
    lines.flatMap((line) => /^\s*([\w-]+)\s*(?:=|$)/.exec(line)?.[1]?.toLowerCase().replaceAll('_', '-') ?? []),
  );
}

/**
 * What was exported before npm ran, from the environment of the process that npm is (on Linux; elsewhere nothing is
 * known, and a variable counts as typed).
 */
function exportedBeforeNpm(): Set<string> {
  let pid = process.ppid;
  for (let depth = 0; depth < 8 && pid > 1; depth++) {
    const variables = readIfThere(`/proc/${pid}/environ`).split('\0');
    if (variables.length > 1 && !variables.some((variable) => variable.startsWith('npm_lifecycle_event=')))
      return new Set(
        variables.flatMap(
          (variable) => /^npm_config_([\w-]+)=/i.exec(variable)?.[1]?.toLowerCase().replaceAll('_', '-') ?? [],
        ),
      );
    pid = Number(/^PPid:\s*(\d+)/m.exec(readIfThere(`/proc/${pid}/status`))?.[1] ?? 0);
  }
  return new Set();
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
