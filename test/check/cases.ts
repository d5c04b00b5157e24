import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Difference } from '../../scripts/report/types.ts';
import type { Effect } from '../../scripts/schema/effects.ts';
import { root } from '../support/root.ts';

/** A change to a schema, and what the check must say of it. */
export interface Case {
  readonly group: string;
  readonly name: string;
  /** SQL of the migration that makes the objects, and SQL that somebody runs afterwards. */
  readonly make: string;
  readonly change: string;
  /** As {@link line} writes them. */
  readonly differences: readonly string[];
  /** Why pg_dump sees no difference. */
  readonly dumpIsEqual: string | undefined;
}

/** A difference as the case files have it: `~ column public.t.a | «integer→text» NULL` for one that is changed. */
export const line = ({ kind, object, expected, found }: Difference): string =>
  ({
    missing: `- ${object} | ${expected ?? ''}`,
    unexpected: `+ ${object} | ${found ?? ''}`,
    changed: `~ ${object} | ${expected ?? ''} → ${found ?? ''}`,
  })[kind];

const spelledOut = (text: string): string => {
  const [head = '', definition = ''] = text.trim().split(/ \| (.*)/s);
  const [expected, found] = ['$1', '$2'].map((side) => definition.replace(/«(.*?)→(.*?)»/s, side));
  return text.trim().startsWith('~') ? `${head} | ${expected ?? ''} → ${found ?? ''}` : text.trim();
};

/** The kinds of objects that have cases. */
export const kinds = readdirSync(join(root, 'test/check/cases')).map((file) =>
  file.replace('.txt', ''),
);

/** The major version of the server of this run. */
export const major = (): number => Number.parseInt(inject('server').version);

/**
 * The cases of a file that the oldest server of the test knows. `##` begins a group; `#` begins what all cases up to
 * the next `#` make; `name => change` is a case, and the lines below it are its differences; `⏎` is a line end.
 */
export function readCases(file: string, oldest = major()): Case[] {
  const cases: (Case & { since: number; differences: string[] })[] = [];
  let [group, make] = ['', ''];
  for (const row of readFileSync(join(root, 'test/check', file), 'utf8')
    .trimEnd()
    .split('\n')) {
    const text = row.replaceAll('⏎', '\n');
    const [, name = '', since = '0', dumpIsEqual, change = ''] =
      /^(.*?)(?: \[(\d+)\])?(?: \(pg_dump differs: (.*?)\))? => (.*)$/s.exec(text) ?? [];
    if (row.startsWith('## ')) group = text.slice(3);
    else if (row.startsWith('# ')) make = text.slice(2);
    else if (row.startsWith('  ')) cases.at(-1)?.differences.push(spelledOut(text));
    else
      cases.push({ group, name, make, change, differences: [], since: Number(since), dumpIsEqual });
  }
  return cases.filter(({ since }) => since <= oldest);
}

/** The cases of all kinds. */
export const allCases = (oldest = major()): Case[] =>
  kinds.flatMap((kind) => readCases(`cases/${kind}.txt`, oldest));

/** Definitions that PostgreSQL prints in other words after a restore, or that other versions print in other words. */
export const definitions = (oldest = major()): Case[] =>
  readCases('definitions.txt', oldest).map((one) => ({
    ...one,
    make: `${one.make}; ${one.change}`,
    change: 'SELECT 1',
  }));

/**
 * The blocks of a file, between empty lines: a name, and lines of a word and its value. `of(word)` are the values of that
 * word, in their order; `⏎` is a line end, outside JSON.
 */
export function readBlocks(file: string) {
  const blocks = readFileSync(join(root, 'test/check', file), 'utf8')
    .trimEnd()
    .split('\n\n');
  return blocks.map((block) => {
    const [name = '', ...lines] = block.split('\n');
    const of = (word: string) =>
      lines
        .filter((text) => text.startsWith(`  ${word} `))
        .map((text) => text.slice(word.length + 3).replaceAll('⏎', '\n'));
    return {
      name,
      of,
      effects: (word: string) => of(word).map((json) => JSON.parse(json) as Effect),
    };
  });
}

/** Cases with their names first, for the names of tests: vitest would cut a name that it takes from an object. */
export const byName = <T extends { readonly name: string }>(cases: readonly T[]) =>
  cases.map((one) => [one.name, one] as const);
