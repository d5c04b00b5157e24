import type { Option } from 'commander';
import { distance } from 'fastest-levenshtein';
import { failure } from '../report/errors.ts';

/** Options of npm itself that look like misspelled options of this program. They are not refused. */
const SIMILAR_NPM_OPTIONS = ['description', 'versions', 'yes', 'os'];

/**
 * Returns the options that npm moved to the environment, as words of the command line: `npm run migrate up
 * --dry-run` starts the script with `up`, and with `npm_config_dry_run=true`. Refuses an option that is
 * nearly one of this program: a misspelled `--dry-run` must not write.
 *
 * @throws Failure `usage`
 */
export const fromNpm = (env: NodeJS.ProcessEnv, options: readonly Option[]) =>
  Object.entries(env).flatMap(([variable, value = '']) => {
    const name = /^npm_config_(.+)$/i.exec(variable)?.[1]?.toLowerCase().replaceAll('_', '-');
    if (name === undefined || ['', 'false'].includes(value)) return [];
    if (SIMILAR_NPM_OPTIONS.includes(name)) return [];
    // npm reads --verbose and --quiet as levels of its own log.
    if (name === 'loglevel') return { verbose: ['--verbose'], warn: ['--quiet'] }[value] ?? [];
    const option = options.find((each) => each.name() === name);
    if (option) return [wordFor(name, value, option.required)];
    refuseMisspelled(name, options);
    return [];
  });

function wordFor(name: string, value: string, needsValue: boolean): string {
  if (!needsValue && value === 'true') return `--${name}`;
  if (needsValue && value !== 'true') return `--${name}=${value}`;
  if (needsValue) throw failure('npm-option', [`--${name} needs its value after "="`]);
  // npm does not know this option, and so took the word after it as its value.
  throw failure('npm-option', [`npm took "${value}" as the value of --${name}`]);
}

function refuseMisspelled(name: string, options: readonly Option[]): void {
  if (name.length === 1) throw failure('npm-option', [`there is no option "-${name}"`]);
  const letters = (word: string) => word.replaceAll('-', '');
  const limit = name.length > 5 ? 2 : 1;
  const names = options.map((each) => each.name());
  const isNear = (other: string) => distance(letters(name), letters(other)) <= limit;
  const near = name.includes('dry') ? 'dry-run' : names.find(isNear);
  if (near === undefined) return;
  throw failure('npm-option', [`there is no option "--${name}"; did you mean "--${near}"?`]);
}
