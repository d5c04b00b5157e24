import { COUNT_LIMIT, type Difference, type Loss, type Session } from './types.ts';

export const RUN = 'npm run migrate';
export const STATUS = `See what is applied:  ${RUN} status`;
export const atVersion = (version: string | null) =>
  version === null ? 'before the first migration' : `at ${version}`;
export const list = (items: readonly string[]) => items.map((item) => `\n  ${item}`).join('');
export const plural = (number: number, noun: string) =>
  `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
export const duration = (milliseconds: number) =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

const rebuilding = (object: string) => [
  '    Usually an interrupted build left it so. Build it again, or drop it:',
  `REINDEX INDEX CONCURRENTLY ${object.replace('index ', '')};`,
];

/** Each difference on three lines: the object, what is expected, and what was found. */
export function differenceLines(differences: readonly Difference[]): string {
  const indent = (text: string) => text.replaceAll('\n', '\n              ');
  return differences
    .flatMap(({ kind, object, expected, found }) => [
      `  ${kind} ${object}`,
      ...(expected === null ? [] : [`    expected: ${indent(expected)}`]),
      ...(found === null ? [] : [`    found:    ${indent(found)}`]),
      ...(/^index .* INVALID$/s.test(`${object} ${found ?? ''}`) ? rebuilding(object) : []),
    ])
    .join('\n');
}

export function sessionText(session: Session | undefined): string {
  if (session === undefined) return 'it has just finished';
  const { pid, application, client, age, state, query } = session;
  if (age === null) return `pid ${pid} (a role in pg_read_all_stats sees more)`;
  return `pid ${pid}, "${application}", from ${client}, for ${age} s, ${state}: ${query}`;
}

export const blockerLines = (blockers: readonly Session[]) =>
  blockers.length === 0 ? '' : `\nblocked by:${list(blockers.map(sessionText))}`;

/** One line for each loss. A count above the limit becomes "more than 10,000". */
export const lossLines = (losses: readonly Loss[]) =>
  list(
    losses.map(({ table, column, count }) => {
      const limit = count > COUNT_LIMIT ? 'more than ' : '';
      const name = column === null ? table : `${table}.${column}`;
      const noun = column === null ? 'row' : 'value';
      return `${name}: ${limit}${plural(Math.min(count, COUNT_LIMIT), noun)}`;
    }),
  );
