import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/root.js';

const folder = join(root, 'scripts');

/** By each file of `scripts/`, those from which it imports something; types aside if they are not asked for. */
const filesOf = (withTypes: boolean) =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => {
        const text = readFileSync(join(folder, file), 'utf8');
        const found = [...text.matchAll(/import (type )?[^;]*?'(\.[^']+)\.js'/g)].filter(
          ([, isType]) => withTypes || isType === undefined,
        );
        return [file, found.map(([, , path = '']) => normalize(join(dirname(file), `${path}.ts`)))];
      }),
  );

/** The first file itself, and the folders; each may import from what stands after it. */
const layers = ['.', 'cli', 'commands', 'runner', 'project', 'schema', 'database', 'report'];

test('folders import downwards only', () => {
  const imports = filesOf(true);
  const level = (file: string) => layers.indexOf(dirname(file));
  const upwards = [...imports].flatMap(([file, imported]) =>
    imported
      .filter((other) => level(other) < level(file))
      .map((other) => `${file} imports ${other}`),
  );
  expect(upwards).toEqual([]);
  expect([...imports.keys()].filter((file) => level(file) < 0)).toEqual([]);
});

test('there are no circles, but of types, and every file is imported', () => {
  const [imports, done] = [filesOf(false), new Set<string>()];
  const visit = (file: string, path: readonly string[]) => {
    expect(path, `a circle: ${[...path, file].join(' → ')}`).not.toContain(file);
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  visit('migrate.ts', []);
  const imported = new Set([...filesOf(true).values()].flat());
  const unused = [...imports.keys()].filter((file) => !imported.has(file));
  expect(unused.sort()).toEqual(['migrate.ts', 'template.ts']);
});

test('the framework is imported in one file, apart from types', () => {
  const importers = [...filesOf(true).keys()].filter((file) =>
    /^(?!import type).*(from|import\() ?'node-pg-migrate'/m.test(
      readFileSync(join(folder, file), 'utf8'),
    ),
  );
  expect(importers).toEqual(['runner/framework.ts']);
});
