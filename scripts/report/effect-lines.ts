import type { Direction } from '../ledger.js';
import { describe } from '../schema/compare.js';
import { isPart, mentions, objectsOf, objectTitle, type Patch, type Schema, type State } from '../schema/model.js';

/** Attributes that are said already, or too long to be said. */
const LONG = new Set(['kind', 'body', 'definition']);

/** What a migration does to the schema, in words: `+` comes, `~` changes, `-` goes. `before` is the schema without it. */
export function effectLines(before: Schema, effect: Patch, direction: Direction): string[] {
  const there = objectsOf(before);
  const gone = new Set<string>();
  return mentions(effect).flatMap(({ id, section, key, part, name, value }) => {
    const sign = value === null ? '-' : there.has(id) ? '~' : '+';
    const shown = direction === 'up' || sign === '~' ? sign : sign === '+' ? '-' : '+';
    if (part === undefined && shown === '-') gone.add(key);
    else if (gone.has(key)) return []; // A table takes its parts along.
    const kind = typeof value === 'object' ? value?.['kind'] : undefined;
    const state = direction === 'down' ? there.get(id)?.state : value;
    const what =
      shown === '-' || state === undefined || state === null ? '' : words(state, shown === '~' ? value : undefined);
    return `  ${shown} ${objectTitle(section, key, kind, part, name)}${what}`;
  });
}

/** The state of one object, or what `change` names of it; of a table its own attributes, since its parts have lines. */
function words(state: State | Exclude<Patch[string], null>, change: Patch[string] | undefined): string {
  if (typeof state !== 'object') return ` ${String(state)}`;
  const entries = Object.entries(state).filter(([key, value]) => !isPart(key) && value !== null);
  const own = Object.fromEntries(entries) as Exclude<State, string>;
  const attributes =
    typeof change === 'object' && change !== null ? Object.keys(change).filter((key) => !isPart(key)) : undefined;
  const short = Object.fromEntries(Object.entries(own).filter(([key]) => !LONG.has(key)));
  const text = attributes === undefined ? describe(short) : describe(own, attributes);
  return text === '' ? '' : ` ${text}`;
}
