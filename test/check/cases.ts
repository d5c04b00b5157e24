import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Difference } from '../../scripts/report/types.ts';
import { root, textOf } from '../support/root.ts';

/** A change of a schema, and the differences that the check must find. */
export interface Case {
  readonly group: string;
  readonly name: string;
  /** SQL of the migration that creates the objects. */
  readonly make: string;
  /** SQL that changes the objects afterwards, as somebody might by hand. */
  readonly change: string;
  /** The differences that the check must find, as {@link lineOf} writes them. */
  readonly differences: readonly string[];
  /** Why pg_dump sees no difference; undefined if it must see one. */
  readonly whyDumpIsEqual: string | undefined;
}

/** A difference as a line of text, such as `~ column public.t.a | integer NULL → text NULL`. */
export const lineOf = ({ kind, object, expected, found }: Difference): string =>
  ({
    missing: `- ${object} | ${expected ?? ''}`,
    unexpected: `+ ${object} | ${found ?? ''}`,
    changed: `~ ${object} | ${expected ?? ''} → ${found ?? ''}`,
  })[kind];

/** Expands a line of a case file, which may shorten `integer NULL → text NULL` to `«integer→text» NULL`. */
function spelledOut(row: string): string {
  const text = row.trim();
  if (!text.startsWith('~')) return text;
  const [head = '', definition = ''] = text.split(/ \| (.*)/s);
  const side = (group: string) => definition.replace(/«(.*?)→(.*?)»/s, group);
  return `${head} | ${side('$1')} → ${side('$2')}`;
}

/** The names of the files in `cases/`: each has the cases of one kind of object. */
export const kinds = readdirSync(join(root, 'test/check/cases')).map((file) =>
  file.replace('.txt', ''),
);

/** The major version of the server on which the tests run. */
export const serverMajor = (): number => Number.parseInt(inject('server').version);

/**
 * Reads the cases that PostgreSQL `oldest` can run. `## ` precedes the name of a group, `# ` the `make` of
 * the cases below. A case is `name => change`, and below it, its differences. After the name, `[15]` means
 * PostgreSQL 15 or later, and `(pg_dump is equal: …)` why pg_dump finds no difference. `⏎` is a line end.
 */
export function readCases(file: string, oldest = serverMajor()): Case[] {
  const cases: (Case & { since: number; differences: string[] })[] = [];
  let group = '';
  let make = '';
  for (const row of textOf(`test/check/${file}`).trimEnd().split('\n')) {
    const text = row.replaceAll('⏎', '\n');
    const [, name = '', since = '0', whyDumpIsEqual, change = ''] =
      /^(.*?)(?: \[(\d+)\])?(?: \(pg_dump is equal: (.*?)\))? => (.*)$/s.exec(text) ?? [];
    const one = { group, name, make, change, whyDumpIsEqual, since: Number(since) };
    if (row.startsWith('## ')) group = text.slice(3);
    else if (row.startsWith('# ')) make = text.slice(2);
    else if (row.startsWith('  ')) cases.at(-1)?.differences.push(spelledOut(text));
    else cases.push({ ...one, differences: [] });
  }
  return cases.filter(({ since }) => since <= oldest);
}

/** The cases of all kinds. */
export const allCases = (oldest = serverMajor()): Case[] =>
  kinds.flatMap((kind) => readCases(`cases/${kind}.txt`, oldest));

/** Definitions that PostgreSQL prints differently after a restore, or in another version. */
export const definitions = (oldest = serverMajor()): Case[] =>
  readCases('definitions.txt', oldest).map((one) => ({
    ...one,
    make: `${one.make}; ${one.change}`,
    change: 'SELECT 1',
  }));
