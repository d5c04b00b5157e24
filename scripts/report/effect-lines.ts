import type { Direction } from '../ledger.js';
import { describe } from '../schema/compare.js';
import { mentions } from '../schema/effects.js';
import { isPart, objectsOf, objectTitle, type Patch, type Schema, type State } from '../schema/model.js';

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
    const title = objectTitle(section, key, kind, part, name);
    const state = direction === 'down' && shown !== '-' ? there.get(id)?.state : value;
    return `  ${shown} ${title}${state === null || state === undefined || shown === '-' ? '' : words(state)}`;
  });
}

/** The state of one object; of a table its own attributes, since its parts have lines of their own. */
function words(value: Exclude<Patch[string], null>): string {
  if (typeof value !== 'object') return ` ${String(value)}`;
  const own = Object.entries(value).filter(
    ([key]) => !isPart(key) && key !== 'kind' && key !== 'body' && key !== 'definition',
  );
  const text = describe(
    Object.fromEntries(own.filter(([, inner]) => inner !== null)) as State,
    own.length === 1 ? own.map(([key]) => key) : undefined,
  );
  return text === '' ? '' : ` ${text}`;
}
