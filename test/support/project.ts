import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** The files of a temporary project, by path. An object is written as JSON. */
export type Files = Readonly<Record<string, string | object>>;

/** Creates a project in a temporary folder, which is removed at the end of the test. Returns the folder. */
export function testProject(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-project-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  write(folder, {
    'package.json': { type: 'module' },
    '.node-pg-migraterc.json': { 'migrations-dir': 'migrations', schema: 'public' },
    'migrations/schema/0000_prerequisites.json': {},
    ...files,
  });
  return folder;
}

/** Writes files into a project. Overwrites files that exist. */
export function write(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(
      join(folder, path),
      typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`,
    );
  }
}

/** The text of a migration file with these bodies of its two functions. */
export const migration = (up: string, down: string): string =>
  `export function up(pgm) {\n${up}\n}\nexport function down(pgm) {\n${down}\n}\n`;
