import type { Difference } from '../schema/compare.js';
import { COUNT_LIMIT, type Loss, type Session } from './events.js';

/** A duration for people. */
export const time = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** Rows of words, each column as wide as its widest word. */
export function table(rows: readonly (readonly string[])[], indent = '  '): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)));
  return rows
    .map((row) => (indent + row.map((word, index) => word.padEnd(widths[index] ?? 0)).join('  ')).trimEnd())
    .join('\n');
}

/** One line a difference: kind, object, and what was expected and found. */
export function differenceLines(differences: readonly Difference[]): string {
  const rows = differences.map(({ kind, object, expected, found }) => {
    const space = object.lastIndexOf(' ', object.search(/["(]|$/));
    const noun = /^(materialized view|[a-z]+)/.exec(object)?.[0] ?? object.slice(0, space);
    return [
      kind,
      noun,
      object.slice(noun.length + 1),
      expected === null ? '' : `expected ${expected}`,
      found === null ? '' : `found ${found}`,
    ];
  });
  return table(rows);
}

export const holderWords = (holder: Session | undefined): string =>
  holder === undefined
    ? 'it let go at this moment, or is in another database behind the same pooler'
    : `pid ${holder.pid}, ${holder.application === '' ? 'unnamed' : `"${holder.application}"`} from ${holder.client}, for ${holder.age} s, ${holder.state}${holder.query === '' ? '' : `: ${holder.query}`}`;

export const blockerLines = (blockers: readonly Session[]): string =>
  blockers.length === 0 ? '' : `\nin the way:${blockers.map((blocker) => `\n  ${holderWords(blocker)}`).join('')}`;

const thousands = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** How much would be deleted where; a count that was bounded reads "more than". */
export const lossLines = (losses: readonly Loss[]): string =>
  losses
    .map(({ table: name, column, what, count }) => {
      const amount = count > COUNT_LIMIT ? `more than ${thousands(COUNT_LIMIT)}` : thousands(count);
      const unit = what === 'values' ? (count === 1 ? 'value' : 'values') : count === 1 ? 'row' : 'rows';
      return `\n  ${name}${what === 'values' ? `.${column ?? ''}` : ''}: ${amount} ${unit}${what === 'nulls' ? ` without a value in ${column ?? ''}` : ''}`;
    })
    .join('');
