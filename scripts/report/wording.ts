import { COUNT_LIMIT, type Difference, type Loss, type Session } from './types.js';

/** The words of a failure: what happened and where; then the usual cause, and what to type next. */
export type Words = readonly [message: string, hint: string];

export const RUN = 'npm run migrate';
export const at = (version: string | null): string =>
  version === null ? 'before the first migration' : `at ${version}`;
export const list = (items: readonly string[]): string =>
  items.map((item) => `\n  ${item}`).join('');
export const count = (number: number, noun: string): string =>
  `${String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',')} ${noun}${number === 1 ? '' : 's'}`;

/** A duration for people. */
export const time = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** Rows of words, each column as wide as its widest word. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => (row[index] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row.map((word, index) => word.padEnd(widths[index] ?? 0)).join('  ');
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n');
}

/** A line for the object of each difference, and one each for what was expected and what was found. */
export const differenceLines = (differences: readonly Difference[]): string =>
  differences
    .map(({ kind, object, expected, found }) => {
      const lines = [`  ${kind} ${object}`];
      if (expected !== null) lines.push(`    expected: ${indent(expected)}`);
      if (found !== null) lines.push(`    found:    ${indent(found)}`);
      return lines.join('\n');
    })
    .join('\n');

const indent = (definition: string): string => definition.replaceAll('\n', '\n              ');

export const sessionWords = (session: Session | undefined): string => {
  if (session === undefined)
    return 'it has just finished, or uses another database behind the same pooler';
  const { pid, application, client, age, state, query } = session;
  const name = application === '' ? 'without a name' : `"${application}"`;
  return `pid ${pid}, ${name}, from ${client}, for ${age} s, ${state}${query === '' ? '' : `: ${query}`}`;
};

export const blockerLines = (blockers: readonly Session[]): string =>
  blockers.length === 0 ? '' : `\nblocked by:${list(blockers.map(sessionWords))}`;

/** How much would be deleted where; a count that reached its limit reads "more than". */
export const lossLines = (losses: readonly Loss[]): string =>
  list(
    losses.map(({ table: name, column, count: number }) => {
      const noun = column === null ? 'row' : 'value';
      const amount =
        number > COUNT_LIMIT ? `more than ${count(COUNT_LIMIT, noun)}` : count(number, noun);
      return `${name}${column === null ? '' : `.${column}`}: ${amount}`;
    }),
  );
