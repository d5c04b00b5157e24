import type { Direction } from '../report/types.ts';
import { title } from './compare.ts';
import { isKind, partsOf, type Effect, type Facts } from './effects.ts';

/** Describes what a migration does to the schema `before`: `+` adds, `~` changes, `-` removes. */
export function effectLines(before: Facts, effect: Effect, direction: Direction): string[] {
  return Object.entries(effect).flatMap(([object, patch]) => {
    const old = before.get(object) ?? new Map<string, string>();
    const named = partsOf(patch ?? Object.fromEntries([...old.keys()].map((part) => [part, null])));
    const steps = named.map(([part, definition]) => {
      const [from, to] =
        direction === 'up' ? [old.get(part), definition] : [definition, old.get(part)];
      return { part, from: from ?? undefined, to: to ?? undefined };
    });
    // The parts of a removed object are not listed.
    const whole = steps.filter(({ part, to }) => isKind(part) && to === undefined);
    return (whole.length > 0 ? whole : steps).map(({ part, from, to }) => {
      let sign = '~';
      if (to === undefined) sign = '-';
      else if (from === undefined) sign = '+';
      return `  ${sign} ${title(object, part)} ${to?.split('\n')[0] ?? ''}`.trimEnd();
    });
  });
}
