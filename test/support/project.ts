import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from './root.ts';

/** The files of a throw-away project, by their path in it; an object is written as JSON. */
export type Files = Readonly<Record<string, string | object>>;

/** A project of its own in a temporary folder, removed when the test has finished. Gives its folder. */
export function testProject(files: Files, { withMigrations = false } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrate-project-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  // What the project's own files import by name is found in the repository's packages.
  write(folder, {
    'package.json': { type: 'module' },
    '.node-pg-migraterc.json': { 'migrations-dir': 'migrations', schema: 'public' },
    'migrations/schema/0000_prerequisites.json': {},
    ...files,
  });
  if (withMigrations) {
    cpSync(join(root, 'migrations'), join(folder, 'migrations'), { recursive: true, force: false });
    cpSync(
      join(root, 'migrations/schema/0000_prerequisites.json'),
      join(folder, 'migrations/schema/0000_prerequisites.json'),
    );
    write(folder, files);
  }
  return folder;
}

/** Writes files into a project, over what is there. */
export function write(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(
      join(folder, path),
      typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`,
    );
  }
}

/** The text of a migration from what its two functions do with `pgm`. */
export const migration = (up: string, down: string): string =>
  `export function up(pgm) {\n${up}\n}\nexport function down(pgm) {\n${down}\n}\n`;
