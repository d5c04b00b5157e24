import { nearest } from '../report/closest.js';
import { failure } from '../report/errors.js';

/** Options of npm's own that are spelled nearly like one of ours. */
const NPMS_OWN = ['description', 'version', 'versions', 'yes', 'os'];

/**
 * The options that npm took for itself, as words of a command line: `npm run migrate up --dry-run` reaches the script
 * as `up`, with `npm_config_dry_run=true` in the environment. What is spelled nearly like an option of ours is refused,
 * since a dry run that writes would be the worst defect of all.
 *
 * @throws Failure `usage`
 */
export function fromNpm(
  env: NodeJS.ProcessEnv,
  flags: readonly string[],
  values: readonly string[],
): string[] {
  const words: string[] = [];
  for (const [variable, value = ''] of Object.entries(env)) {
    const name = /^npm_config_(.+)$/i.exec(variable)?.[1]?.toLowerCase().replaceAll('_', '-');
    if (name === undefined || value === '' || value === 'false') continue;
    // npm reads --verbose and --quiet as levels of its own log.
    if (name === 'loglevel' && value === 'verbose') words.push('--verbose');
    if (name === 'loglevel' && value === 'warn') words.push('--quiet');
    if (values.includes(name)) words.push(`--${name}=${value}`);
    else if (flags.includes(name)) {
      // npm takes the word after an option that it does not know for its value.
      if (value !== 'true') throw failure('usage', 'swallowed-word', [name, value]);
      words.push(`--${name}`);
    } else {
      const option = NPMS_OWN.includes(name)
        ? undefined
        : nearest(name, [...flags, ...values], name.length > 5 ? 2 : 1);
      if (option !== undefined)
        throw failure('usage', 'unknown-option', [`--${name}`, `; did you mean "--${option}"?`]);
    }
  }
  return words;
}
