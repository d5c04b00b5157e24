import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram, type Result } from './migrate.ts';

/** Whether this machine has psql; where tests run for all to see (CI), it must. */
export const hasPsql =
  process.env['CI'] !== undefined || spawnSync('psql', ['--version']).status === 0;

/** Runs a script as the head of every plan says: `psql -v ON_ERROR_STOP=1 -f`. */
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
