import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/root.js';

const folder = join(root, 'scripts');

/** By each file of `scripts/`, those that it imports something from, be it a type. */
const imports = new Map(
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => {
      const found = readFileSync(join(folder, file), 'utf8').matchAll(
        /(?:from|import)[ (]'(\.[^']+)\.js'/g,
      );
      return [
        file,
        [...found].map(([, path = '']) => normalize(join(dirname(file), `${path}.ts`))),
      ] as const;
    }),
);

/** A way from a file along its imports that leads in a circle. */
function circle(path: readonly string[], done: Set<string>): readonly string[] | undefined {
  const file = path.at(-1) ?? '';
  if (path.indexOf(file) < path.length - 1) return path.slice(path.indexOf(file));
  if (done.has(file)) return undefined;
  for (const next of imports.get(file) ?? []) {
    const found = circle([...path, next], done);
    if (found !== undefined) return found;
  }
  done.add(file);
  return undefined;
}

test('all imports point one way, those of types too, and every file is reached from the entry file', () => {
  const done = new Set<string>();
  expect(circle(['migrate.ts'], done)).toBeUndefined();
  expect([...done].sort()).toEqual(
    [...imports.keys()].filter((file) => file !== 'template.ts').sort(),
  );
});
