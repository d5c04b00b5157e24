import type { Option } from 'commander';
import { distance } from 'fastest-levenshtein';
import { failure } from '../report/errors.ts';

/** Options of npm that look like misspelled options of this program. */
const NPMS_OWN = ['description', 'versions', 'yes', 'os'];

/**
 * The options that npm has kept for itself, as words of the command line: `npm run migrate up --dry-run`
 * starts the script with `up`, and with `npm_config_dry_run=true` in the environment. An option that is
 * nearly one of ours is refused: a misspelled `--dry-run` must not write.
 *
 * @param options those of this program; `required` if they have a value
 * @throws Failure `usage`
 */
export const fromNpm = (env: NodeJS.ProcessEnv, options: readonly Option[]) =>
  Object.entries(env).flatMap(([variable, value = '']) => {
    const name = /^npm_config_(.+)$/i.exec(variable)?.[1]?.toLowerCase().replaceAll('_', '-');
    if (name === undefined || ['', 'false'].includes(value) || NPMS_OWN.includes(name)) return [];
    // npm translates --verbose and --quiet into levels of its own log.
    if (name === 'loglevel') return { verbose: ['--verbose'], warn: ['--quiet'] }[value] ?? [];
    const option = options.find((each) => each.name() === name);
    if (option?.required && value === 'true')
      throw failure('npm-option', [`--${name} needs its value after "="`]);
    if (option?.required) return [`--${name}=${value}`];
    if (option && value === 'true') return [`--${name}`];
    // After an option that npm does not know, npm takes the next word as its value.
    const reason = `npm took "${value}" as the value of --${name}`;
    if (option) throw failure('npm-option', [reason]);
    if (name.length === 1) throw failure('npm-option', [`there is no option "-${name}"`]);
    const isNear = (other: string) =>
      distance(fold(name), fold(other)) <= (name.length > 5 ? 2 : 1);
    const names = options.map((each) => each.name());
    const near = name.includes('dry') ? 'dry-run' : names.find(isNear);
    if (near === undefined) return [];
    throw failure('npm-option', [`there is no option "--${name}"; did you mean "--${near}"?`]);
  });

const fold = (word: string) => word.replaceAll('-', '');
