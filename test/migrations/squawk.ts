import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fetchPackage } from '../support/binaries.ts';

const RELEASE = '2.66.0';

/** The program of the linter. package.json does not name the package, since not every registry has it. */
function program(): string {
  const folder = fetchPackage(`squawk-${RELEASE}`, `squawk-cli@${RELEASE}`);
  const platform = join(folder, `node_modules/@squawk-cli/${process.platform}-${process.arch}`);
  return join(platform, 'bin', process.platform === 'win32' ? 'squawk.exe' : 'squawk');
}

/** The findings of squawk in a script of `plan`, each as `migration: rule`. */
export function lint(script: string): string[] {
  const args = ['--reporter', 'json', '--pg-version', '14.0', '--stdin-filepath', 'plan.sql'];
  const { stdout, stderr, error } = spawnSync(program(), args, { input: script, encoding: 'utf8' });
  if (!stdout.trimStart().startsWith('['))
    throw new Error(`squawk failed: ${stderr}`, { cause: error });
  const lines = script.split('\n');
  const findings = JSON.parse(stdout) as { rule_name: string; line: number }[];
  const found = findings.map(({ rule_name: rule, line }) => {
    const titles = lines
      .slice(0, line + 1)
      .map((text) => /^-- (?:revert )?(\d+_[\w-]+) \(/.exec(text)?.[1]);
    return `${titles.findLast((title) => title !== undefined) ?? 'plan'}: ${rule}`;
  });
  return [...new Set(found)];
}
