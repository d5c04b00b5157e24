import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/root.ts';

const folder = join(root, 'scripts');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

/** The files of `scripts/` from which `file` imports something, types included. */
const importsOf = (file: string) => {
  const text = readFileSync(join(folder, file), 'utf8');
  return [...text.matchAll(/(?:from|import\(?)\s*'(\.[^']+)\.ts'/g)].map(([, path = '']) =>
    normalize(join(dirname(file), `${path}.ts`)),
  );
};

/** The folders of scripts/ ('.' is scripts/ itself). A file may import from its own folder and later ones. */
const layers = ['.', 'cli', 'commands', 'runner', 'project', 'schema', 'database', 'report'];

test('a folder of scripts/ imports only from folders below it, and every file is imported', () => {
  const level = (file: string) => layers.indexOf(dirname(file));
  const upwards = files.flatMap((file) =>
    importsOf(file)
      .filter((other) => level(other) < level(file))
      .map((other) => `${file}: ${other}`),
  );
  expect(upwards).toEqual([]);
  expect(files.filter((file) => level(file) < 0)).toEqual([]);
  const imported = files.flatMap(importsOf);
  const unused = files.filter((file) => !imported.includes(file));
  expect(unused.sort()).toEqual(['migrate.ts', 'template.ts']);
});
