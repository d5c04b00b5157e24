import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes files into a folder; what is no string is written as JSON. Like project.ts, which needs vitest around it. */
export function write(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : `${JSON.stringify(content)}\n`);
  }
}

export const migration = (up, down) => `export function up(pgm) {\n${up}\n}\nexport function down(pgm) {\n${down}\n}\n`;
