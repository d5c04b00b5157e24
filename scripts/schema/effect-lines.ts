import type { Direction } from '../report/types.js';
import { shown, title } from './compare.js';
import { isKind, partsOf, type Effect, type Facts } from './effects.js';

/**
 * What a migration does to the schema, a line for each fact: `+` adds, `~` changes, `-` removes.
 *
 * @param before the schema without the migration
 */
export function effectLines(before: Facts, effect: Effect, direction: Direction): string[] {
  return Object.entries(effect).flatMap(([object, patch]) => {
    const old = before.get(object) ?? new Map<string, string>();
    // An object that is removed takes its parts along.
    const parts =
      patch === null
        ? [...old.keys()].filter(isKind).map((part) => [part, null] as const)
        : partsOf(patch);
    const isGone = direction === 'down' && old.size === 0;
    const named = isGone
      ? parts.filter(([part]) => isKind(part) || ![...parts].some(([other]) => isKind(other)))
      : parts;
    return named.map(([part, definition]) => {
      const [from, to] =
        direction === 'up' ? [old.get(part), definition] : [definition, old.get(part)];
      const name = title(object, part);
      if (to === undefined || to === null) return `  - ${name}`;
      const text = shown(part, to).split('\n')[0] ?? '';
      return `  ${from === undefined || from === null ? '+' : '~'} ${name} ${text}`.trimEnd();
    });
  });
}
