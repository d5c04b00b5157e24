import type { Option } from 'commander';
import { distance } from 'fastest-levenshtein';
import { failure } from '../report/errors.ts';

/**
 * Returns the options that npm moved to the environment, as words of the command line: `npm run migrate up
 * --dry-run` starts the script with `up`, and with `npm_config_dry_run=true`. Refuses an option that looks
 * like a misspelled option of this program, so that `up --dryrun` does not write.
 *
 * @throws Failure `usage`
 */
export const npmOptions = (env: NodeJS.ProcessEnv, options: readonly Option[]) =>
  Object.entries(env).flatMap(([variable, value]) => {
    const [, name] = /^npm_config_(.+)$/i.exec(variable) ?? [];
    return name && value ? wordsFor(name.toLowerCase().replaceAll('_', '-'), value, options) : [];
  });

/** The words for one option. None if it is off, or an option of npm itself. */
function wordsFor(name: string, value: string, options: readonly Option[]): string[] {
  if (value === 'false' || name === 'versions') return []; // --versions is not a misspelled --version.
  // Yarn 1 drops options before the name of the script, but passes on the command line as JSON. Without its
  // --dry-run, the run would write.
  if (name === 'argv') return value.includes('"--dry-run"') ? ['--dry-run'] : [];
  // npm replaces --verbose and --quiet by the level of its own log: `verbose` and `warn`.
  if (name === 'loglevel') return { verbose: ['--verbose'], warn: ['--quiet'] }[value] ?? [];
  const hasValue = value !== 'true';
  const option = options.find((each) => each.name() === name);
  // In commander, `required` means that the option needs a value.
  if (option?.required === hasValue) return [hasValue ? `--${name}=${value}` : `--${name}`];
  if (option?.required) throw refusal(`--${name} needs its value after "="`);
  // npm does not know that this option has no value, so it took the next word as the value.
  if (option) throw refusal(`npm took "${value}" as the value of --${name}`);
  if (name.length === 1) throw refusal(`there is no option "-${name}"`);
  const similar = options.find((each) => isSimilar(name, each.name()));
  if (similar === undefined) return [];
  throw refusal(`there is no option "--${name}"; did you mean "--${similar.name()}"?`);
}

const refusal = (reason: string) => failure('npm-option', [reason]);

function isSimilar(name: string, option: string): boolean {
  if (name.includes('dry')) return option === 'dry-run'; // A dry run that is not recognized would write.
  const letters = (word: string) => word.replaceAll('-', '');
  return distance(letters(name), letters(option)) <= (name.length > 5 ? 2 : 1);
}
