import type { Effect } from '../../scripts/schema/effects.ts';
import { textOf } from './root.ts';

/**
 * Reads a file of test cases: blocks with empty lines between them. A block is a name, and below it lines of
 * two blanks, a key and a value, in which `⏎` is a line end. A line with four blanks at its beginning
 * continues the value above it. `of(key)` returns the values of a key, and `effects(key)` parses them as
 * JSON; `first(key)` and `effect(key)` return only the first one.
 *
 * @throws if a line has another key
 */
export function readBlocks<K extends string>(file: string, keys: readonly K[]) {
  const blocks = textOf(`test/${file}`).trimEnd().split('\n\n');
  return blocks.map((block) => {
    const [name = '', ...lines] = block.split(/\n(?! {4})/);
    const entries = lines.map((line) => {
      const [, key = '', value = ''] = /^ {2}(\S+) (.*)$/s.exec(line.replaceAll('⏎', '\n')) ?? [];
      if (!keys.some((known) => known === key)) throw new Error(`${file}, ${name}: ${line}`);
      return { key, value };
    });
    const of = (key: K) => entries.filter((one) => one.key === key).map(({ value }) => value);
    const effects = (key: K) => of(key).map((json) => JSON.parse(json) as Effect);
    const first = (key: K) => of(key)[0] ?? '';
    return { name, of, first, effects, effect: (key: K) => effects(key)[0] ?? {} };
  });
}

/** Pairs each case with its name, for test titles: vitest shortens a property of an object in a title. */
export const byName = <T extends { readonly name: string }>(cases: readonly T[]) =>
  cases.map((one) => [one.name, one] as const);
