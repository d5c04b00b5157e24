import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/root.js';

/** Something that squawk has to say of a statement. */
export interface Finding {
  readonly file: string;
  readonly rule: string;
  readonly statement: string;
}

const RELEASE = '2.66.0';

/**
 * The linter's own program, which npm brings for this platform. It is fetched once, into a folder that git ignores: a
 * lock file that names its packages for all platforms is not to be had from every registry.
 */
function program(): string {
  const folder = join(root, '.cache', `squawk-${RELEASE}`);
  const platform = join(folder, `node_modules/@squawk-cli/${process.platform}-${process.arch}`);
  if (!existsSync(platform)) {
    const npm = [
      'install',
      '--prefix',
      folder,
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--save-exact',
    ];
    execFileSync('npm', [...npm, `squawk-cli@${RELEASE}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return join(platform, 'bin', process.platform === 'win32' ? 'squawk.exe' : 'squawk');
}

/**
 * Lints statements that are sent one after the other.
 *
 * @param file where they come from: findings name it
 * @param inTransaction whether all of them are in one transaction
 */
export function lint(
  file: string,
  statements: readonly string[],
  inTransaction: boolean,
): Finding[] {
  const texts = statements.map((statement) => `${statement.trim().replace(/;$/, '')};\n`);
  const args = [
    '--reporter',
    'json',
    '--pg-version',
    '14.0',
    '--no-error-on-unmatched-pattern',
    '--stdin-filepath',
    file,
  ];
  const { stdout, stderr, error } = spawnSync(
    program(),
    inTransaction ? [...args, '--assume-in-transaction'] : args,
    {
      input: texts.join(''),
      encoding: 'utf8',
    },
  );
  if (error !== undefined || !stdout.trimStart().startsWith('['))
    throw new Error(`squawk failed: ${stderr}`, { cause: error });
  const lineAfter = texts.map(
    (_, index) =>
      texts
        .slice(0, index + 1)
        .join('')
        .split('\n').length - 1,
  );
  return (JSON.parse(stdout) as { rule_name: string; line: number }[]).map(
    ({ rule_name: rule, line }) => ({
      file,
      rule,
      statement: (texts[lineAfter.findIndex((end) => line < end)] ?? '').trim(),
    }),
  );
}
