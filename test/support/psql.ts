import { spawnSync } from 'node:child_process';
import { startProgram } from './migrate.ts';
import { temporaryFolder, write } from './project.ts';

/** True if this machine has psql. Always true in CI, where tests that need psql must not be skipped. */
export const hasPsql =
  process.env['CI'] !== undefined || spawnSync('psql', ['--version']).status === 0;

/** Runs a script by `psql -v ON_ERROR_STOP=1 -f`, as the first lines of every plan tell the user to do. */
export async function psql(url: string, script: string) {
  const cwd = temporaryFolder();
  write(cwd, { 'plan.sql': script });
  const argv = ['-v', 'ON_ERROR_STOP=1', '-f', 'plan.sql', url];
  return startProgram('psql', argv, { cwd, env: { HOME: cwd } }).finished;
}
