import { COUNT_LIMIT, type Difference, type Loss, type Session } from './types.ts';

/** True in the compiled program, `dist/scripts/migrate.js`. */
export const isCompiled = !import.meta.url.endsWith('.ts');
/**
 * What users type before a command. For `create` and `snapshot`, messages always say `npm run migrate`, because
 * the compiled program refuses these two commands.
 */
export const RUN = isCompiled ? 'node dist/scripts/migrate.js' : 'npm run migrate';
/** An option to add to a command. npm passes on what follows `--`. Elsewhere, npm 12 refuses the option. */
export const addOption = (option: string) => (isCompiled ? option : `-- ${option}`);
export const STATUS_HINT = `See what is applied:  ${RUN} status`;
export const DRIFT_NOTE = `The schema differed before this run. That may be the cause:  ${RUN} check`;
/** "at 0003_name", or "before the first migration". */
export const atVersion = (version: string | null) =>
  version === null ? 'before the first migration' : `at ${version}`;
/** "database app at db.example.com:5432". Puts an IPv6 address in brackets, as a URL does. */
export const placeOf = (database: string, host: string, port: number) =>
  `database ${database} at ${host.includes(':') ? `[${host}]` : host}:${port}`;
/** Puts each item on a line of its own, indented. */
export const list = (items: readonly string[]) => items.map((item) => `\n  ${item}`).join('');
/** "1 row", "10,000 rows". The first toLocaleString() of a process would take 8 ms. */
export const plural = (number: number, noun: string) =>
  `${String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',')} ${noun}${number === 1 ? '' : 's'}`;
/** "350 ms", "2.5 s". */
export const duration = (milliseconds: number) =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** Shows differences, each on several lines: what was expected, and what was found. */
export const differenceLines = (differences: readonly Difference[]) =>
  differences.map(differenceText).join('\n');

function differenceText({ kind, object, expected, found }: Difference): string {
  const line = (label: string, text: string | null) =>
    text === null ? '' : `\n    ${label} ${text.replaceAll('\n', '\n              ')}`;
  const text = `  ${kind} ${object}${line('expected:', expected)}${line('found:   ', found)}`;
  if (!object.startsWith('index ') || !found?.endsWith(' INVALID')) return text;
  // One that is not expected is often a copy that REINDEX CONCURRENTLY has left.
  const remedy = expected === null ? 'Drop it:\nDROP' : 'Build it again:\nREINDEX';
  return `${text}
    Usually an interrupted build left it INVALID. ${remedy} INDEX CONCURRENTLY ${object.replace('index ', '')};`;
}

/** Lists the sessions that block this program. Empty if there is none. */
export const blockerLines = (blockers: readonly Session[]) =>
  blockers.length === 0 ? '' : `\nblocked by:${list(blockers.map(({ text }) => text))}`;

/** "public.users: 5 rows", "public.users.name: more than 10,000 values". */
export function lossText({ table, column, count }: Loss): string {
  const [name, noun] = column === null ? [table, 'row'] : [`${table}.${column}`, 'value'];
  const limit = count > COUNT_LIMIT ? 'more than ' : '';
  return `${name}: ${limit}${plural(Math.min(count, COUNT_LIMIT), noun)}`;
}

export const STOPPED_IN_COMMIT =
  'The run stopped during COMMIT: it is unknown whether the server committed.';

/** Says what a failed run has left in the database. */
export function leftBehind(version: string | null, hasCommitted: boolean, wroteOutside: boolean) {
  if (!hasCommitted && !wroteOutside) return 'Nothing was changed.';
  const state = hasCommitted
    ? `A part of this run is committed: the database is ${atVersion(version)}, and was checked there.`
    : `The database is still ${atVersion(version)}.`;
  return wroteOutside ? `${state} What ran outside a transaction stays.` : state;
}
