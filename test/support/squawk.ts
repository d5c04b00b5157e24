import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Something that squawk has to say of a statement. */
export interface Finding {
  readonly file: string;
  readonly rule: string;
  readonly statement: string;
}

/** The linter's own program, which npm brings for this platform. */
function program(): string {
  const require = createRequire(import.meta.url);
  const launcher = require.resolve('squawk-cli/package.json');
  const platform = `@squawk-cli/${process.platform}-${process.arch}`;
  const manifest = createRequire(launcher).resolve(`${platform}/package.json`);
  return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'squawk.exe' : 'squawk');
}

/**
 * Lints statements that are sent one after the other.
 *
 * @param file where they come from: findings name it
 * @param inTransaction whether all of them are in one transaction
 */
export function lint(file: string, statements: readonly string[], inTransaction: boolean): Finding[] {
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
  const { stdout, stderr, error } = spawnSync(program(), inTransaction ? [...args, '--assume-in-transaction'] : args, {
    input: texts.join(''),
    encoding: 'utf8',
  });
  if (error !== undefined || !stdout.trimStart().startsWith('['))
    throw new Error(`squawk failed: ${stderr}`, { cause: error });
  const lineAfter = texts.map(
    (_, index) =>
      texts
        .slice(0, index + 1)
        .join('')
        .split('\n').length - 1,
  );
  return (JSON.parse(stdout) as { rule_name: string; line: number }[]).map(({ rule_name: rule, line }) => ({
    file,
    rule,
    statement: (texts[lineAfter.findIndex((end) => line < end)] ?? '').trim(),
  }));
}
