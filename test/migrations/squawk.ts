import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/root.js';

const RELEASE = '2.66.0';

/**
 * The program of the linter, for this platform. It is fetched from npm once, into a folder that git ignores: a lock file
 * that names its packages for all platforms is not to be had from every registry.
 */
function program(): string {
  const folder = join(root, '.cache', `squawk-${RELEASE}`);
  const platform = join(folder, `node_modules/@squawk-cli/${process.platform}-${process.arch}`);
  if (!existsSync(platform)) {
    const npm = `install --ignore-scripts --no-audit --no-fund squawk-cli@${RELEASE} --prefix`;
    execFileSync('npm', [...npm.split(' '), folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return join(platform, 'bin', process.platform === 'win32' ? 'squawk.exe' : 'squawk');
}

/** What squawk finds in a script of `plan`, each as `migration: rule`. */
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
