import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/root.js';

const folder = join(root, 'scripts');

/** By each file of `scripts/`, those from which it imports something, types included. */
const imports = new Map(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const found = readFileSync(join(folder, file), 'utf8').matchAll(
        /import [^;]*?'(\.[^']+)\.js'/g,
      );
      return [
        file,
        [...found].map(([, path = '']) => normalize(join(dirname(file), `${path}.ts`))),
      ];
    }),
);

/** The first file itself, and the folders; each may import from what stands after it. */
const layers = ['.', 'cli', 'commands', 'runner', 'project', 'schema', 'database', 'report'];

test('folders import downwards only, and every file is imported', () => {
  const level = (file: string) => layers.indexOf(dirname(file));
  const upwards = [...imports].flatMap(([file, imported]) =>
    imported.filter((other) => level(other) < level(file)).map((other) => `${file}: ${other}`),
  );
  expect(upwards).toEqual([]);
  expect([...imports.keys()].filter((file) => level(file) < 0)).toEqual([]);
  const imported = new Set([...imports.values()].flat());
  const unused = [...imports.keys()].filter((file) => !imported.has(file));
  expect(unused.sort()).toEqual(['migrate.ts', 'template.ts']);
});
