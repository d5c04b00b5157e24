import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Files } from '../support/project.ts';
import { root } from '../support/root.ts';
import { sqlStep } from './setup.ts';

const keys = ['base', 'prerequisites', 'up', 'effect', 'then', 'then effect', 'expect'] as const;

/**
 * Reads the cases of a file in `cases/`. `# name` begins a case, and each line below is `key: text`. A line
 * that begins with a blank continues the text above it.
 * - `base`: SQL that runs before the migrations
 * - `prerequisites`: the prerequisites of the project
 * - `up`, `effect`: the migration `0002_b`
 * - `then`, `then effect`: the migration `0003_c`
 * - `expect`: a text that the test looks for in the failure; without it, the run must succeed
 */
export function readCases(file: string) {
  const blocks = readFileSync(join(root, 'test/run/cases', file), 'utf8').split(/^# /m);
  return blocks.slice(1).map((block) => {
    const [name = '', ...texts] = block.trimEnd().split(/\n(?! )/);
    const known: Partial<Record<(typeof keys)[number], string>> = {};
    for (const text of texts) {
      const key = keys.find((one) => text.startsWith(`${one}: `));
      if (key === undefined) throw new Error(`${file}, ${name}: no key in "${text}"`);
      known[key] = text.slice(key.length + 2);
    }
    const { base = '', prerequisites = '{}', up = '', effect = '{}', then = '' } = known;
    const parse = (text = '{}') => JSON.parse(text) as object;
    const files: Files = {
      'migrations/schema/0000_prerequisites.json': parse(prerequisites),
      ...sqlStep('0002_b', parse(effect), up),
      ...(then === '' ? {} : sqlStep('0003_c', parse(known['then effect']), then)),
    };
    return [name, { base, files, expected: known.expect ?? '' }] as const;
  });
}
