import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram, type Result } from './migrate.ts';

/** True if this machine has psql. Always true in CI, where tests that need psql must not be skipped. */
export const hasPsql =
  process.env['CI'] !== undefined || spawnSync('psql', ['--version']).status === 0;

/** Runs a script by `psql -v ON_ERROR_STOP=1 -f`, as the first lines of every plan tell the user to do. */
export async function psql(url: string, script: string): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'plan-'));
  const file = join(folder, 'plan.sql');
  try {
    writeFileSync(file, script);
    return await startProgram('psql', ['-v', 'ON_ERROR_STOP=1', '-f', file, url], {
      cwd: folder,
      env: { HOME: folder },
    }).finished;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
