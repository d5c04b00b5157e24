import type { Relation, Schema, State } from './model.js';

/** A literal, a quoted name, a word, white space, or any other sign. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w$\u0080-\uffff]+|\s+|./gsu;
const isName = (token = ''): boolean => /^(?:"|[a-z_\u0080-\uffff])/.test(token);
const ENDS_FROM = new Set(['WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH', 'FOR', ';']);

const CAST_ARRAY = '(ARRAY[';
/** The element type of an array type, at the beginning of a text. */
const ELEMENT_TYPE = /^::((?:"(?:[^"]|"")*"|[\w$\u0080-\uffff]+|[ .]|\(\d+(?:,\d+)?\))+?)\[\]/u;

/** Whether there is nothing to normalize in a schema, by its JSON: nearly always. */
export const isNormal = (json: string): boolean => !json.includes(CAST_ARRAY) && !json.includes('"definition"');

/** Makes a schema read the same on every PostgreSQL, and before and after a dump. */
export const normalize = (schema: Schema): Schema =>
  mapped(schema, (byKey) =>
    mapped(byKey, (object) =>
      typeof object === 'string'
        ? spreadCasts(object)
        : mapped<Relation[string], Relation[string]>(object, (inner, name) =>
            typeof inner === 'object' ? mapped(inner, normalizeState) : normalizeAttribute(inner, name),
          ),
    ),
  );

const normalizeState = (state: State): State =>
  typeof state === 'string' ? spreadCasts(state) : mapped(state, normalizeAttribute);

function normalizeAttribute(value: string | boolean, name: string): string | boolean {
  if (typeof value !== 'string' || name === 'body') return value;
  return name === 'definition' ? normalizeView(spreadCasts(value)) : spreadCasts(value);
}

const mapped = <T, U>(byName: Readonly<Record<string, T>>, change: (value: T, name: string) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(byName).map(([name, value]) => [name, change(value, name)]));

/**
 * Writes the cast of an array as casts of its elements: `b IN ('x', 'y')` of a varchar is a cast of the array when it is
 * made by hand, and casts of the elements once PostgreSQL has read its own words again, as in a restored database.
 */
function spreadCasts(text: string): string {
  if (!text.includes(CAST_ARRAY)) return text;
  const tokens = text.match(TOKEN) ?? [];
  // From the last one on, so that those within another one are done before it.
  for (let start = tokens.length - 3; start >= 0; start--) {
    if (tokens[start] !== '(' || tokens[start + 1] !== 'ARRAY' || tokens[start + 2] !== '[') continue;
    const elements: string[] = [''];
    let depth = 0;
    const length = tokens.slice(start + 3).findIndex((token) => {
      if (token === '(' || token === '[') depth++;
      if (token === ')' || token === ']') depth--;
      if (depth < 0) return true;
      if (depth === 0 && token === ',') elements.push('');
      else elements.push((elements.pop() ?? '') + token);
      return false;
    });
    const rest = tokens.slice(start + length + 5).join('');
    const cast = ELEMENT_TYPE.exec(rest);
    if (length < 0 || tokens[start + length + 4] !== ')' || cast === null) continue;
    const spread = elements.map((element) => `(${element.trim()})::${cast[1] ?? ''}`).join(', ');
    return spreadCasts(`${tokens.slice(0, start).join('')}ARRAY[${spread}]${rest.slice(cast[0].length)}`);
  }
  return text;
}

/**
 * Makes the definition of a view read the same on every PostgreSQL, as 16 and later write it: before, each column of a
 * query on one relation is written with its name before it, since then without (commit 47bb9db75, "Get rid of the NEW and
 * OLD entries"). White space is folded, since only lines differ by it; in literals it stays.
 */
function normalizeView(definition: string): string {
  const tokens = (definition.match(TOKEN) ?? []).map((token) => (/^\s/.test(token) ? ' ' : token));
  return withoutQualifier(tokens).join('').trim();
}

/** Leaves out the name of the only relation of a query where it stands before a column, outside of sub-selects. */
function withoutQualifier(tokens: readonly string[]): readonly string[] {
  const outside = outsideSubqueries(tokens);
  const top = (index: number, word: string) => outside[index] === 0 && tokens[index] === word;
  const from = tokens.findIndex((_, index) => top(index, 'FROM'));
  if (from < 0 || tokens.some((_, index) => ['UNION', 'INTERSECT', 'EXCEPT'].some((word) => top(index, word))))
    return tokens;
  const length = tokens.slice(from).findIndex((token, offset) => outside[from + offset] === 0 && ENDS_FROM.has(token));
  const end = length < 0 ? tokens.length : from + length;
  const name = onlyRelation(tokens, outside, from + 1, end);
  if (name === undefined) return tokens;
  const isQualifier = (index: number) =>
    outside[index] !== undefined &&
    (index < from || index >= end) &&
    tokens[index] === name &&
    tokens[index + 1] === '.' &&
    !['.', ':'].includes(tokens[index - 1] ?? '') &&
    isName(tokens[index + 2]) &&
    tokens[index + 3] !== '(';
  return tokens.filter((_, index) => !isQualifier(index) && !isQualifier(index - 1));
}

/** For each token how many parentheses it is in, or `undefined` inside a sub-select. */
function outsideSubqueries(tokens: readonly string[]): (number | undefined)[] {
  const isSubquery: boolean[] = [];
  return tokens.map((token, index) => {
    if (token === ')') isSubquery.pop();
    const depth = isSubquery.includes(true) ? undefined : isSubquery.length;
    if (token === '(') isSubquery.push(/^ ?(?:SELECT|WITH|VALUES)\b/.test(tokens.slice(index + 1, index + 3).join('')));
    return depth;
  });
}

/** What columns of the only relation after FROM are called by; none where there are several. */
function onlyRelation(
  tokens: readonly string[],
  outside: readonly (number | undefined)[],
  start: number,
  end: number,
): string | undefined {
  const item = tokens.slice(start, end);
  const isJoin = /^ ?\((?! ?(?:SELECT|WITH|VALUES)\b)/.test(item.join(''));
  if (isJoin || item.some((token, offset) => token === ',' && outside[start + offset] === 0)) return undefined;
  const sample = item.indexOf('TABLESAMPLE');
  return item
    .slice(0, sample < 0 ? item.length : sample)
    .filter((token, offset) => outside[start + offset] === 0 && isName(token))
    .at(-1);
}
