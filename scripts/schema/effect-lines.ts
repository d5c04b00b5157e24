import type { Direction } from '../report/types.js';
import { title } from './compare.js';
import { isKind, partsOf, type Effect, type Facts } from './effects.js';

/** What a migration does, a line for each fact: `+` adds, `~` changes, `-` removes. `before` is without it. */
export function effectLines(before: Facts, effect: Effect, direction: Direction): string[] {
  return Object.entries(effect).flatMap(([object, patch]) => {
    const old = before.get(object) ?? new Map<string, string>();
    const named = partsOf(patch ?? Object.fromEntries([...old.keys()].map((part) => [part, null])));
    const steps = named.map(([part, definition]) => {
      const [from, to] =
        direction === 'up' ? [old.get(part), definition] : [definition, old.get(part)];
      return { part, from: from ?? undefined, to: to ?? undefined };
    });
    // An object that is removed takes its parts along.
    const whole = steps.filter(({ part, to }) => isKind(part) && to === undefined);
    return (whole.length > 0 ? whole : steps).map(({ part, from, to }) => {
      const sign = to === undefined ? '-' : from === undefined ? '+' : '~';
      return `  ${sign} ${title(object, part)} ${to?.split('\n')[0] ?? ''}`.trimEnd();
    });
  });
}
